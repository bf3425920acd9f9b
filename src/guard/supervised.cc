// SPDX-License-Identifier: Apache-2.0
// What is done to the guard itself: told to its supervisor, and by it.
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/guard/parts.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::minutes interruption_every{10};

} // namespace

std::function<void()> Guard::Parts::beats_of(supervise::Organ organ)
{
    if (!supervision)
        return [] { };
    return [&pulse = supervision->pulse(), organ] { pulse.beat(organ); };
}

void Guard::Parts::watch_supervision()
{
    if (!supervision)
        return;
    auto found = supervision->look_after();
    bool const is_news = found != supervision_told_ && !found.empty();
    {
        std::lock_guard guard(supervision_mutex_);
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
    auto const now = steady_now();
    auto& next = next_interruption_[cause];
    if (now < next)
        return;
    next = now + interruption_every;
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
