// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/process_table.h"

#include <algorithm>

namespace tocsin::proc {
namespace {

Rest rest_in(char state)
{
    if (state == 'T' || state == 't' || state == 'Z' || state == 'X')
        return Rest::stopped;
    return state == 'D' ? Rest::in_kernel : Rest::running;
}

class ProcTable final : public ProcessTable {
public:
    explicit ProcTable(ProcDir dir) : dir_(std::move(dir)) { }

    Result<std::vector<Process>> look() override
    {
        auto const pids = TRY(dir_.processes());
        std::vector<Process> out;
        for (auto pid : pids) {
            auto read = dir_.thread_stat(pid, pid);
            if (!read.ok())
                continue; // it has ended since
            auto const stat = read.take();
            if (stat.has_ended() && stat.threads <= 1) // a leader may end before its threads do
                continue;
            out.push_back({stat.pid, stat.parent, stat.start_ticks, stat.is_kernel_thread(), rest_of(stat)});
        }
        return out;
    }

private:
    Rest rest_of(Stat const& stat) const
    {
        auto rest = rest_in(stat.state);
        if (stat.threads <= 1 || rest == Rest::running)
            return rest;
        auto threads = dir_.threads(stat.pid);
        if (!threads.ok())
            return Rest::stopped; // it has ended
        for (auto tid : threads.take()) {
            auto thread = dir_.thread_stat(stat.pid, tid);
            if (thread.ok())
                rest = std::max(rest, rest_in(thread.take().state));
            if (rest == Rest::running)
                break;
        }
        return rest;
    }

    ProcDir dir_;
};

} // namespace

std::unique_ptr<ProcessTable> process_table_of(ProcDir dir)
{
    return std::make_unique<ProcTable>(std::move(dir));
}

} // namespace tocsin::proc
