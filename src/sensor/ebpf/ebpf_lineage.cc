// SPDX-License-Identifier: Apache-2.0
// The eBPF engine: bpf/lineage.bpf.c writes into a ring, this reads it.
//
// What the kernel side cannot know is added here: clock ticks, the cgroup's path, the parent at
// birth, and of the rare executable that lies more than 32 directories deep its path from /proc.
// Bounds: the ring holds 8 MiB, some 7,000 forks and execs; a drain hands over at most 16,384.
#include "tocsin/sensor/lineage.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include "lineage.skel.h"
#include "lineage_event.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/log.h"
#include "tocsin/sensor/ebpf/libbpf.h"
#include "tocsin/sensor/proc/births.h"
#include "tocsin/sensor/proc/process_reader.h"

namespace tocsin::sensor {
namespace {

constexpr int drain_limit = 16384;
constexpr int stop_draining = -ECANCELED;
constexpr std::chrono::milliseconds count_every{20};

struct DestroySkeleton {
    void operator()(lineage_bpf* skeleton) const { lineage_bpf__destroy(skeleton); }
};

event::ProcessKey key_of(std::int32_t pid, std::uint64_t start_ns)
{
    return {pid, to_ticks(std::chrono::nanoseconds(start_ns))};
}

// From "true\0bin\0usr\0" to "/usr/bin/true"; empty where it does not reach the root.
std::string path_from(lineage_event const& event)
{
    std::string out;
    if ((event.flags & LINEAGE_PATH_IS_WHOLE) == 0)
        return out;
    std::string_view rest(event.path, std::min<std::size_t>(event.path_bytes, sizeof(event.path)));
    while (!rest.empty()) {
        auto name = rest.substr(0, rest.find('\0'));
        out.insert(0, "/" + std::string(name));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    return out;
}

class EbpfLineage final : public LineageSource {
public:
    EbpfLineage(std::unique_ptr<lineage_bpf, DestroySkeleton> skeleton, ProcessReader reader)
        : skeleton_(std::move(skeleton)), reader_(std::move(reader))
    {
    }

    Result<void> open_ring()
    {
        auto take = [](void* self, void* data, std::size_t size) {
            return static_cast<EbpfLineage*>(self)->take_event(data, size);
        };
        ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.events), take, this, nullptr));
        if (!ring_)
            return Error::from_errno(errno, "ring_buffer__new");
        return {};
    }

    int fd() const override { return ring_buffer__epoll_fd(ring_.get()); }
    std::string_view engine() const override { return "ebpf"; }

    Result<void> drain(LifecycleSink const& sink) override
    {
        sink_ = &sink;
        taken_ = 0;
        auto count = ring_buffer__consume(ring_.get());
        sink_ = nullptr;
        count_left_out();
        if (count < 0 && count != stop_draining)
            return Error::from_errno(-count, "ring_buffer__consume");
        return {};
    }

    // Refused for want of room, and runs that the kernel left out because one was under way.
    std::uint64_t lost() const override
    {
        return __atomic_load_n(&skeleton_->bss->lost, __ATOMIC_RELAXED) + left_out_;
    }

private:
    // Three system calls: not with each of thousands of drains a second.
    void count_left_out()
    {
        auto const now = steady_now();
        if (now < next_count_)
            return;
        next_count_ = now + count_every;
        left_out_ = 0;
        for (auto* program : {skeleton_->progs.on_fork, skeleton_->progs.on_exec, skeleton_->progs.on_exit}) {
            bpf_prog_info info{};
            __u32 size = sizeof(info);
            if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
                left_out_ += info.recursion_misses;
        }
    }

    int take_event(void const* data, std::size_t size)
    {
        if (size == sizeof(lineage_key))
            take_exit(*static_cast<lineage_key const*>(data));
        else if (size == sizeof(lineage_event))
            take_birth_or_exec(*static_cast<lineage_event const*>(data));
        return ++taken_ < drain_limit ? 0 : stop_draining;
    }

    void take_exit(lineage_key const& key)
    {
        LifecycleEvent out{LifecycleKind::exited, {}};
        out.process.key = key_of(key.pid, key.start_ns);
        births_.ended(out.process.key);
        (*sink_)(std::move(out));
    }

    void take_birth_or_exec(lineage_event const& event)
    {
        LifecycleEvent out;
        auto& process = out.process;
        process.key = key_of(event.key.pid, event.key.start_ns);
        process.parent = key_of(event.parent_pid, event.parent_start_ns);
        if (event.key.kind == LINEAGE_FORKED) {
            out.kind = LifecycleKind::forked;
            births_.born(process.key, process.parent);
        } else {
            out.kind = LifecycleKind::executed;
            process.parent = births_.parent_of(process.key, process.parent);
        }
        process.uid = event.uid;
        process.session = event.session;
        process.cgroup_id = event.cgroup_id;
        process.cgroup = reader_.cgroups().path_of(event.cgroup_id);
        process.is_kernel_thread = (event.flags & LINEAGE_IS_KERNEL_THREAD) != 0;
        process.executable = path_from(event);
        auto arguments = std::as_bytes(std::span(event.arguments));
        process.command = command_from_arguments(
            arguments.first(std::min<std::size_t>(event.argument_bytes, arguments.size())));
        if (process.command.empty())
            process.command =
                printable({event.comm, ::strnlen(event.comm, sizeof(event.comm))}, sizeof(event.comm));
        if (process.executable.empty() && !process.is_kernel_thread)
            complete(process);
        (*sink_)(std::move(out));
    }

    // What has no path of its own (a memfd) or too long a one: as /proc shows it, if still there.
    void complete(event::Process& process)
    {
        auto now = reader_.read(process.key.pid);
        if (!now.ok())
            return;
        auto found = now.take();
        if (found.key == process.key)
            process.executable = std::move(found.executable);
    }

    std::unique_ptr<lineage_bpf, DestroySkeleton> skeleton_;
    std::unique_ptr<ring_buffer, FreeRing> ring_;
    ProcessReader reader_;
    Births births_;
    LifecycleSink const* sink_ = nullptr; // while draining
    int taken_ = 0;
    std::uint64_t left_out_ = 0; // as of the last count
    SteadyTime next_count_;
};

} // namespace

Result<std::unique_ptr<LineageSource>> open_ebpf_lineage()
{
    silence_libbpf();
    auto reader = TRY(ProcessReader::create());
    std::unique_ptr<lineage_bpf, DestroySkeleton> skeleton(lineage_bpf__open_and_load());
    if (!skeleton)
        return Error::from_errno(errno, "load the lineage programs");
    if (auto failed = lineage_bpf__attach(skeleton.get()); failed != 0)
        return Error::from_errno(-failed, "attach the lineage programs");
    auto source = std::make_unique<EbpfLineage>(std::move(skeleton), std::move(reader));
    TRY(source->open_ring());
    return std::unique_ptr<LineageSource>(std::move(source));
}

} // namespace tocsin::sensor
