// SPDX-License-Identifier: Apache-2.0
// The deciding thread: incidents, from the verdict's decision to a person's.
#include "tocsin/guard/decider.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Occasion;

void Decider::respond(verdict::Decision const& decision)
{
    auto incident = decision.incident;
    incident.first_activity -= verdict::Settings{}.before_first_charge;
    auto wanted = std::exchange(incident.state, event::IncidentState::observed);
    auto actions = wanted == event::IncidentState::contained
        ? respond::plan(incident, parts_.responder.policy())
        : std::vector<event::ActionKind>{};
    auto has = [&](event::ActionKind kind) { return std::ranges::find(actions, kind) != actions.end(); };
    if (has(event::ActionKind::freeze)) {
        incident.state = event::IncidentState::contained;
        parts_.responder.contain(incident.id, incident.actor.processes);
    }
    if (has(event::ActionKind::kill)) {
        incident.state = event::IncidentState::stopped;
        parts_.responder.kill(incident.id, incident.actor.processes, "policy");
    }
    incidents_[incident.id] = incident;
    for (auto const& process : incident.actor.processes)
        book_.introduce(process, batch_.records);
    record(incident);
    for (auto const& finding : decision.findings)
        record(finding);
}

// Counters and processes of open incidents grow as further activities arrive.
void Decider::record_progress()
{
    close_absence();
    for (auto const& now : verdict_.take_changed()) {
        auto at = incidents_.find(now.id);
        if (at == incidents_.end())
            continue;
        auto updated = now;
        updated.state = at->second.state; // ours to say
        updated.first_activity = at->second.first_activity;
        if (updated == at->second)
            continue;
        for (auto const& process : updated.actor.processes)
            book_.introduce(process, batch_.records);
        at->second = updated;
        record(std::move(updated));
    }
}

void Decider::change_state(event::IncidentId id, event::IncidentState state)
{
    auto& incident = incidents_[id];
    incident.state = state;
    record(incident);
}

Result<void> Decider::release(event::IncidentId id, std::string const& by)
{
    auto at = incidents_.find(id);
    if (at == incidents_.end())
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    parts_.responder.release(id, at->second.actor.processes, by);
    verdict_.release(id);
    change_state(id, event::IncidentState::released);
    return {};
}

Result<void> Decider::stop(event::IncidentId id, std::string const& by)
{
    auto at = incidents_.find(id);
    if (at == incidents_.end())
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    parts_.responder.kill(id, at->second.actor.processes, by);
    verdict_.close(id);
    change_state(id, event::IncidentState::stopped);
    return {};
}

void Decider::mark_undone(event::IncidentId id, std::string const& by, std::string outcome)
{
    event::Action action;
    action.incident = id;
    action.time = wall_now();
    action.kind = event::ActionKind::undo;
    action.by = by;
    action.outcome = std::move(outcome);
    record(std::move(action));
    verdict_.close(id);
    change_state(id, event::IncidentState::undone);
}

void Decider::acted(event::Action action)
{
    record(std::move(action));
}

void Decider::forget_tree(event::RootId root)
{
    std::erase_if(unsettled_, [&](auto const& item) {
        auto const* entry = catalog_.find(item.first);
        return entry == nullptr || entry->root == root;
    });
}

void Decider::bring_up_to_date()
{
    settle({});
    record_progress();
    send_records();
}

} // namespace tocsin::guard
