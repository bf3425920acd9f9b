// SPDX-License-Identifier: Apache-2.0
// bpf/tasks.bpf.c, read from its start for each look.
#include "tocsin/sensor/process_table.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <unordered_map>

#include "task_event.h"
#include "tasks.skel.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/sensor/ebpf/libbpf.h"

namespace tocsin::sensor {
namespace {

struct DestroySkeleton {
    void operator()(tasks_bpf* skeleton) const { tasks_bpf__destroy(skeleton); }
};

proc::Rest rest_of(task_event const& task)
{
    if (task.rest == TASK_RESTS)
        return proc::Rest::stopped;
    return task.rest == TASK_IN_KERNEL ? proc::Rest::in_kernel : proc::Rest::running;
}

class EbpfProcessTable final : public proc::ProcessTable {
public:
    explicit EbpfProcessTable(std::unique_ptr<tasks_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<std::vector<proc::Process>> look() override
    {
        UniqueFd tasks(bpf_iter_create(bpf_link__fd(skeleton_->links.each_task)));
        if (!tasks)
            return Error::from_errno(errno, "look at all tasks");
        std::vector<proc::Process> out;
        std::unordered_map<std::uint32_t, std::size_t> places; // of processes in `out`
        std::array<std::byte, 512 * sizeof(task_event)> buffer; // the kernel splits no record
        for (;;) {
            auto const size = ::read(tasks.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR)
                continue;
            if (size < 0)
                return Error::from_errno(errno, "read all tasks");
            if (size == 0)
                return out;
            for (std::size_t at = 0; at + sizeof(task_event) <= static_cast<std::size_t>(size);
                at += sizeof(task_event)) {
                task_event task{};
                std::memcpy(&task, &buffer[at], sizeof(task));
                take(task, out, places);
            }
        }
    }

private:
    static void take(task_event const& task, std::vector<proc::Process>& out,
        std::unordered_map<std::uint32_t, std::size_t>& places)
    {
        if (task.rest == TASK_HAS_ENDED)
            return;
        auto const [place, is_new] = places.try_emplace(task.pid, out.size());
        if (is_new)
            out.push_back({static_cast<pid_t>(task.pid), static_cast<pid_t>(task.parent),
                to_ticks(std::chrono::nanoseconds(task.start_ns)), task.is_kernel_thread != 0,
                rest_of(task)});
        else
            out[place->second].rest = std::max(out[place->second].rest, rest_of(task));
    }

    std::unique_ptr<tasks_bpf, DestroySkeleton> skeleton_;
};

// Its programs know the numbers of the initial namespace alone; so they are ours where our own one is the same.
bool is_in_initial_pid_namespace()
{
    auto number = sys::read_link_at(AT_FDCWD, "/proc/self/ns/pid");
    return number.ok() && number.take() == "pid:[4026531836]"; // PROC_PID_INIT_INO
}

} // namespace

Result<std::unique_ptr<proc::ProcessTable>> open_ebpf_process_table()
{
    if (!is_in_initial_pid_namespace())
        return Error(Errc::unsupported, "processes have other numbers in this namespace");
    silence_libbpf();
    std::unique_ptr<tasks_bpf, DestroySkeleton> skeleton(tasks_bpf__open_and_load());
    if (!skeleton)
        return Error::from_errno(errno, "load the program that looks at tasks");
    if (auto failed = tasks_bpf__attach(skeleton.get()); failed != 0)
        return Error::from_errno(-failed, "attach the program that looks at tasks");
    return std::unique_ptr<proc::ProcessTable>(std::make_unique<EbpfProcessTable>(std::move(skeleton)));
}

Result<std::unique_ptr<proc::ProcessTable>> open_process_table()
{
    if (auto best = open_ebpf_process_table(); best.ok())
        return best.take();
    auto dir = TRY(proc::ProcDir::open());
    return proc::process_table_of(std::move(dir));
}

} // namespace tocsin::sensor
