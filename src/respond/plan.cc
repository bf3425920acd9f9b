// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/plan.h"

namespace tocsin::respond {

std::string_view name_of(Policy policy)
{
    switch (policy) {
    case Policy::observe:
        return "observe";
    case Policy::freeze:
        return "freeze";
    case Policy::stop:
        return "stop";
    }
    return "unknown";
}

Result<Policy> policy_named(std::string_view name)
{
    for (auto policy : {Policy::observe, Policy::freeze, Policy::stop}) {
        if (name == name_of(policy))
            return policy;
    }
    return Error(
        Errc::invalid, "'" + std::string(name.substr(0, 64)) + "' is no policy: observe, freeze or stop");
}

std::string refuse_what_is_no_policy(std::string const& word)
{
    auto policy = policy_named(word);
    return policy.ok() ? std::string() : policy.error().message();
}

std::vector<event::ActionKind> plan(event::Incident const& incident, Policy policy)
{
    using event::ActionKind;
    using event::IncidentState;
    bool is_open = incident.state == IncidentState::observed || incident.state == IncidentState::held
        || incident.state == IncidentState::contained;
    bool has_processes = incident.actor.kind != event::ActorKind::unknown
        && (incident.actor.top || !incident.actor.processes.empty());
    if (policy == Policy::observe || incident.score < 1.0 || !is_open || !has_processes)
        return {};

    std::vector<ActionKind> out;
    if (incident.state != IncidentState::contained)
        out = {ActionKind::deny, ActionKind::freeze, ActionKind::cut};
    if (policy == Policy::stop)
        out.push_back(ActionKind::kill);
    return out;
}

} // namespace tocsin::respond
