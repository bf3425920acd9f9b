// SPDX-License-Identifier: Apache-2.0
// bpf/self.bpf.c, its tables, its ring and the marks on directories.
#include "tocsin/sensor/self_gate.h"

#include <bpf/bpf.h>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "places_mark.h"
#include "self.skel.h"
#include "self_event.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/sensor/ebpf/security_hooks.h"

namespace tocsin::sensor {
namespace {

struct DestroySkeleton {
    void operator()(self_bpf* skeleton) const { self_bpf__destroy(skeleton); }
};

process_key to_table(event::ProcessKey key)
{
    return {key.pid, 0, key.start_ticks};
}

std::string words_of(self_event const& event)
{
    switch (event.deed) {
    case SELF_SIGNAL:
        return fmt::format("send signal {} to the guard", event.number);
    case SELF_TRACE:
        return "trace the guard";
    case SELF_LIMIT:
        return "change limits or scheduling of the guard";
    case SELF_TABLE:
        return "change a table of the guard's programs in the kernel";
    default:
        return "change what the guard keeps";
    }
}

class EbpfSelfGate final : public SelfGate {
public:
    explicit EbpfSelfGate(std::unique_ptr<self_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<void> open_ring()
    {
        auto take = [](void* self, void* data, std::size_t size) {
            static_cast<EbpfSelfGate*>(self)->take_event(data, size);
            return 0;
        };
        ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.events), take, this, nullptr));
        if (!ring_)
            return Error::from_errno(errno, "ring_buffer__new");
        return {};
    }

    // Of all programs of this process: whatever descriptor of ours is a map.
    Result<void> guard_tables()
    {
        auto const directory = TRY(sys::open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
        auto const entries = TRY(sys::list_dir(directory.get()));
        for (auto const& entry : entries) {
            int fd = -1;
            (void)std::from_chars(entry.name.data(), entry.name.data() + entry.name.size(), fd);
            bpf_map_info info{};
            std::uint32_t size = sizeof(info);
            auto const target = sys::read_link_at(directory.get(), entry.name);
            if (!target.ok() || !is_map(target) || bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
                continue;
            std::uint8_t const value = 1;
            if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.own_tables), &info.id, &value, BPF_ANY) != 0)
                return Error::from_errno(errno, "note a table");
        }
        return {};
    }

    Result<void> admit(event::ProcessKey process) override
    {
        auto const key = to_table(process);
        std::uint8_t const value = 1;
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.own), &key, &value, BPF_ANY) != 0)
            return Error::from_errno(errno, "note a process of the guard");
        return {};
    }
    void dismiss(event::ProcessKey process) override
    {
        auto const key = to_table(process);
        (void)bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.own), &key);
    }

    Result<void> guard(int dir_fd) override { return mark(dir_fd, PLACE_GUARDED); }
    Result<void> leave_open(int dir_fd) override { return mark(dir_fd, PLACE_LEFT_OPEN); }

    void drain(std::function<void(RefusedDeed&&)> const& sink) override
    {
        sink_ = &sink;
        (void)ring_buffer__consume(ring_.get());
        sink_ = nullptr;
    }
    std::uint64_t refusals() const override
    {
        return __atomic_load_n(&skeleton_->bss->refusals, __ATOMIC_RELAXED);
    }
    std::uint64_t questions() const { return __atomic_load_n(&skeleton_->bss->questions, __ATOMIC_RELAXED); }

private:
    static bool is_map(Result<std::string> target) { return target.take() == "anon_inode:bpf-map"; }

    Result<void> mark(int dir_fd, std::uint32_t value) const
    {
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.places), &dir_fd, &value, BPF_ANY) != 0)
            return Error::from_errno(errno, "mark a directory");
        return {};
    }

    void take_event(void const* data, std::size_t size) const
    {
        self_event event{};
        if (size < sizeof(event))
            return;
        std::memcpy(&event, data, sizeof(event));
        RefusedDeed out;
        out.process = {event.process.pid, event.process.start_ticks};
        out.uid = event.uid;
        out.command = printable({event.comm, ::strnlen(event.comm, sizeof(event.comm))}, sizeof(event.comm));
        out.deed = words_of(event);
        (*sink_)(std::move(out));
    }

    std::unique_ptr<self_bpf, DestroySkeleton> skeleton_;
    std::unique_ptr<ring_buffer, FreeRing> ring_;
    std::function<void(RefusedDeed&&)> const* sink_ = nullptr; // while draining
};

} // namespace

Result<std::unique_ptr<SelfGate>> open_self_gate(EndsBy ends)
{
    silence_libbpf();
    std::unique_ptr<self_bpf, DestroySkeleton> skeleton(self_bpf__open());
    if (!skeleton)
        return Error::from_errno(errno, "open the programs that guard the guard");
    skeleton->bss->ends_for_anybody = ends == EndsBy::anybody_who_may ? 1 : 0;
    TRY(choose_programs(*skeleton->obj));
    if (auto const failed = self_bpf__load(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "load the programs that guard the guard");
    if (auto const failed = self_bpf__attach(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "attach the programs that guard the guard");
    auto gate = std::make_unique<EbpfSelfGate>(std::move(skeleton));
    TRY(ensure_asked(change_attributes, [&] { return gate->questions(); }));
    TRY(gate->open_ring());
    TRY(gate->guard_tables());
    return std::unique_ptr<SelfGate>(std::move(gate));
}

} // namespace tocsin::sensor
