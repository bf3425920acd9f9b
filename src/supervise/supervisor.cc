// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/supervisor.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <utility>

namespace tocsin::supervise {

Supervisor::Supervisor(PidRef guard, Pulse pulse, proc::ProcDir dir, Limits limits, Tell tell)
    : guard_(std::move(guard))
    , pulse_(std::move(pulse))
    , proc_(std::move(dir))
    , limits_(limits)
    , tell_(std::move(tell))
{
}

Supervisor::End Supervisor::watch()
{
    last_look_ = steady_now();
    while (!guard_.ends_within(limits_.look_every) && !is_dead()) {
        look();
        last_look_ = steady_now();
    }
    if (pulse_.ends_in_order())
        return End::in_order;
    return was_killed_ ? End::killed_by_us : End::died;
}

void Supervisor::look()
{
    if (is_stopped() && guard_.signal(SIGCONT).ok()) {
        auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - last_look_);
        pulse_.interrupted(lasted);
        tell_stopped(lasted);
    }
    if (hangs() && !was_killed_) {
        was_killed_ = true;
        (void)guard_.signal(SIGKILL);
        tell_(Severity::error, "the guard hung and was ended, so that nobody waits for it");
    }
}

// A line for each would fill the disk of somebody whose guard is stopped all the time.
void Supervisor::tell_stopped(std::chrono::milliseconds lasted)
{
    ++stops_;
    if (steady_now() < next_telling_)
        return;
    next_telling_ = steady_now() + limits_.tell_every;
    auto times = std::exchange(stops_, 0);
    auto often = times == 1 ? std::string() : fmt::format(" {} times, the last time", times);
    tell_(Severity::warning,
        fmt::format(
            "the guard was stopped by a signal, and continued{} after {} ms at most", often, lasted.count()));
}

bool Supervisor::is_stopped() const
{
    auto stat = proc_.stat(guard_.pid());
    if (!stat.ok())
        return false;
    if (stat.take().state == 'T')
        return true;
    // The first thread may wait in the kernel, and stop only when it comes back from there.
    if (std::ranges::all_of(seen_, [](Seen const& seen) { return seen.looks < 2; }))
        return false;
    auto threads = proc_.threads(guard_.pid());
    return threads.ok() && std::ranges::any_of(threads.take(), [this](pid_t tid) {
        auto thread = proc_.thread_stat(guard_.pid(), tid);
        return thread.ok() && thread.take().state == 'T';
    });
}

bool Supervisor::is_dead() const
{
    auto leader = proc_.stat(guard_.pid());
    if (!leader.ok() || !leader.take().has_ended())
        return false;
    auto threads = proc_.threads(guard_.pid());
    return threads.ok() && std::ranges::all_of(threads.take(), [this](pid_t tid) {
        auto stat = proc_.thread_stat(guard_.pid(), tid);
        return !stat.ok() || stat.take().has_ended();
    });
}

bool Supervisor::hangs()
{
    bool out = false;
    for (std::size_t i = 0; i < organ_count; ++i) {
        auto beats = pulse_.beats(static_cast<Organ>(i));
        auto& seen = seen_[i];
        seen.looks = beats == 0 || beats != seen.beats ? 0 : seen.looks + 1;
        seen.beats = beats;
        out = out || seen.looks >= limits_.looks_without_a_beat;
    }
    return out;
}

std::string_view words_of(Supervisor::End end)
{
    switch (end) {
    case Supervisor::End::in_order:
        return "ended in order";
    case Supervisor::End::killed_by_us:
        return "hung, and was ended by its supervisor";
    case Supervisor::End::died:
        break;
    }
    return "was killed, or crashed";
}

} // namespace tocsin::supervise
