// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/stopped_parents.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>
#include <unordered_set>

#include "tocsin/base/pid_ref.h"

namespace tocsin::respond {
namespace {

using event::ProcessKey;

constexpr std::size_t generations_at_most = 16;
constexpr std::size_t frozen_at_most = 32'768;
constexpr std::size_t above_at_most = 65'536;
constexpr std::chrono::milliseconds stops_within{500};
constexpr ::useconds_t look_every_us = 5'000;
constexpr std::size_t syscall_limit = 256;

ProcessKey key_of(proc::Stat const& stat)
{
    return {stat.pid, stat.start_ticks};
}

bool is_stop(std::uint64_t number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

} // namespace

// "62 0x69d4 0x13 …": its number, and its arguments as whole registers.
bool has_stopped_itself(std::string_view syscall, pid_t pid)
{
    std::array<std::uint64_t, 4> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0 && !syscall.starts_with("0x"))
            return false;
        syscall.remove_prefix(i > 0 ? 2 : 0);
        auto const* end = syscall.data() + syscall.size();
        auto const [rest, error] = std::from_chars(syscall.data(), end, words[i], i > 0 ? 16 : 10);
        if (error != std::errc{} || rest == end || *rest != ' ')
            return false;
        syscall.remove_prefix(static_cast<std::size_t>(rest - syscall.data()) + 1);
    }
    auto const target = static_cast<pid_t>(words[1]); // its group, where it is not positive
    return (words[0] == SYS_kill && (target == pid || target <= 0) && is_stop(words[2]))
        || (words[0] == SYS_tgkill && target == pid && is_stop(words[3]));
}

proc::Stat const* StoppedParents::stat_of(Looked& looked, pid_t pid) const
{
    if (auto const at = looked.stats.find(pid); at != looked.stats.end())
        return &at->second;
    auto stat = proc_.thread_stat(pid, pid);
    return stat.ok() ? &looked.stats.emplace(pid, stat.take()).first->second : nullptr;
}

std::vector<proc::Stat> StoppedParents::line_above(Looked& looked, ProcessKey process) const
{
    std::vector<proc::Stat> line;
    auto const* below = stat_of(looked, process.pid);
    if (below == nullptr || key_of(*below) != process)
        return line;
    auto const own_session = below->session;
    auto session_above = own_session;
    while (below->parent > 1 && line.size() < generations_at_most) {
        auto const* parent = stat_of(looked, below->parent);
        if (parent == nullptr)
            break;
        if (session_above == own_session)
            session_above = parent->session;
        else if (parent->session != session_above)
            break;
        line.push_back(*parent);
        below = parent;
    }
    return line;
}

void StoppedParents::froze(std::span<ProcessKey const> processes)
{
    auto const now = steady_now();
    Looked looked;
    for (auto const& process : processes) {
        {
            std::lock_guard lock(mutex_);
            if (frozen_.contains(process))
                continue;
        }
        auto const line = line_above(looked, process);
        std::vector<bool> stopped;
        for (auto const& parent : line)
            stopped.push_back(was_stopped_by_others(parent));
        std::lock_guard lock(mutex_);
        if (frozen_.size() >= frozen_at_most)
            frozen_.erase(frozen_.begin());
        if (was_stopped_.size() >= above_at_most)
            was_stopped_.clear(); // who is not known is left as it is
        auto& frozen = frozen_[process];
        frozen.since = now;
        for (std::size_t i = 0; i < line.size(); ++i) {
            frozen.above.push_back(key_of(line[i]));
            was_stopped_.try_emplace(key_of(line[i]), stopped[i]);
        }
    }
}

bool StoppedParents::was_stopped_by_others(proc::Stat const& stat) const
{
    if (stat.state != 'T')
        return false;
    auto directory = proc_.open_process(stat.pid);
    if (!directory.ok())
        return true;
    auto syscall = proc::read_start(directory.take().get(), "syscall", syscall_limit);
    return !syscall.ok() || !has_stopped_itself(syscall.take(), stat.pid);
}

bool StoppedParents::is_there(ProcessKey process) const
{
    auto stat = proc_.thread_stat(process.pid, process.pid);
    if (!stat.ok())
        return false;
    auto const now = stat.take();
    return key_of(now) == process && !now.has_ended();
}

bool StoppedParents::continue_if_stopped(ProcessKey process) const
{
    auto opened = PidRef::open(process.pid);
    auto stat =
        proc_.thread_stat(process.pid, process.pid); // read last: then it is of the one that was opened
    if (!opened.ok() || !stat.ok())
        return false;
    auto const now = stat.take();
    return key_of(now) == process && now.state == 'T' && opened.take().signal(SIGCONT).ok();
}

// Those above, nearest first, that nothing else keeps where they are.
std::vector<ProcessKey> StoppedParents::candidates_of(
    std::span<ProcessKey const> processes, SteadyTime& watched_until)
{
    std::vector<ProcessKey> found;
    std::vector<std::pair<ProcessKey, ProcessKey>> above_others; // who, and the other that is frozen
    {
        std::lock_guard lock(mutex_);
        std::unordered_set<ProcessKey> seen;
        for (auto const& process : processes) {
            auto const at = frozen_.find(process);
            if (at == frozen_.end())
                continue;
            for (auto const& parent : at->second.above)
                if (auto const stopped = was_stopped_.find(parent);
                    stopped != was_stopped_.end() && !stopped->second && seen.insert(parent).second)
                    found.push_back(parent);
            watched_until = std::max(watched_until, at->second.since + stops_within);
            frozen_.erase(at);
        }
        std::unordered_set<ProcessKey> still_above;
        for (auto const& [other, frozen] : frozen_)
            for (auto const& parent : frozen.above) {
                still_above.insert(parent);
                if (seen.contains(parent))
                    above_others.emplace_back(parent, other);
            }
        std::erase_if(found, [this](auto const& parent) { return frozen_.contains(parent); });
        std::erase_if(was_stopped_, [&](auto const& item) { return !still_above.contains(item.first); });
    }
    for (auto const& [parent, other] : above_others)
        if (is_there(other))
            std::erase(found, parent);
    return found;
}

std::vector<ProcessKey> StoppedParents::let_go(std::span<ProcessKey const> processes)
{
    SteadyTime watched_until;
    auto candidates = candidates_of(processes, watched_until);
    std::vector<ProcessKey> continued;
    for (;;) {
        std::erase_if(candidates, [&](auto const& parent) {
            bool const was_continued = continue_if_stopped(parent);
            if (was_continued)
                continued.push_back(parent);
            return was_continued;
        });
        if (candidates.empty() || steady_now() >= watched_until)
            return continued;
        (void)::usleep(look_every_us);
    }
}

} // namespace tocsin::respond
