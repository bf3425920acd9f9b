// SPDX-License-Identifier: Apache-2.0
// What is done to the guard itself: told to its supervisor, and by it.
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>

#include "tocsin/base/log.h"
#include "tocsin/guard/parts.h"
#include "tocsin/guard/threads.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::minutes interruption_every{10};
constexpr std::chrono::milliseconds look_every{100};

} // namespace

std::function<void()> Guard::Parts::beats_of(supervise::Organ organ)
{
    if (!supervision)
        return [] { };
    return [&pulse = supervision->pulse(), organ] { pulse.beat(organ); };
}

Keeper::Watch Guard::Parts::watch_of_the_gate()
{
    if (!supervision)
        return {[] { }, [] { }};
    return {beats_of(supervise::Organ::gate),
        [&pulse = supervision->pulse()] { pulse.rest(supervise::Organ::gate); }};
}

// Whoever stops the supervisor has as long as this looks away to stop the guard as well.
void Guard::Parts::watch_supervisor(std::stop_token const& stop)
{
    take_precedence("supervisor", Precedence::gate);
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock waiting(mutex);
    while (!wake.wait_for(waiting, stop, look_every, [&] { return stop.stop_requested(); }))
        look_after_supervisor();
}

void Guard::Parts::look_after_supervisor()
{
    auto found = supervision->look_after();
    bool is_news = false;
    {
        std::lock_guard guard(supervision_mutex_);
        is_news = found != supervision_told_ && !found.empty();
        supervision_told_ = found;
    }
    if (is_news) {
        log_line(Severity::warning, found);
        record_interruption("supervisor", found);
    }
    auto now = supervision->pulse().interruptions();
    if (now.count == interruptions_told_)
        return;
    interruptions_told_ = now.count;
    record_interruption("stopped",
        fmt::format("the guard was stopped by a signal, and continued by its supervisor after {} ms at most",
            now.lasted.count()));
}

void Guard::Parts::record_interruption(std::string const& cause, std::string reason)
{
    {
        std::lock_guard guard(supervision_mutex_);
        auto& next = next_interruption_[cause];
        if (steady_now() < next)
            return;
        next = steady_now() + interruption_every;
    }
    event::Incident incident;
    incident.opened = incident.first_activity = incident.last_activity = wall_now();
    incident.actor.kind = event::ActorKind::unknown;
    incident.actor.command = "unknown: done to the guard itself";
    incident.reasons = {std::move(reason)};
    inbox->put(Command([this, incident = std::move(incident)] { decider.incidents().open(incident); }));
}

answers::InvariantStatus Guard::Parts::never_harms() const
{
    auto text = fmt::format("an open waits at most 2 s; {} did", deadlines.timeouts());
    if (!supervision)
        return {"never_harms", true, text + "; no supervisor watches this guard"};
    std::lock_guard guard(supervision_mutex_);
    bool const runs = supervision->runs();
    return {"never_harms", runs, runs ? text : supervision_told_};
}

} // namespace tocsin::guard
