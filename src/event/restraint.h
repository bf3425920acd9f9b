// SPDX-License-Identifier: Apache-2.0
// event/restraint.h -- what an incident's actions say of its actor: at large, frozen, or ended.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/event/incident.h"

namespace tocsin::event {

// How the outcome of an action that was not done begins; the reason follows.
inline constexpr std::string_view failed_outcome = "failed: ";

inline std::string outcome_of_failure(std::string_view reason)
{
    return std::string(failed_outcome).append(reason);
}

inline bool has_failed(Action const& action)
{
    return action.outcome.starts_with(failed_outcome);
}

// Whom the incident keeps out: whom it has cut off and nobody has readmitted since. `actions` in the order in which
// they were done.
inline std::vector<ClientAddress> cut_clients(std::span<Action const> actions)
{
    std::vector<ClientAddress> out;
    for (auto const& action : actions) {
        if (has_failed(action) || !action.client)
            continue;
        std::erase(out, *action.client);
        if (action.kind == ActionKind::cut)
            out.push_back(*action.client);
    }
    return out;
}

// The last freeze, thaw or kill that did not fail. `actions` in the order in which they were done.
inline std::optional<Action> last_restraint(std::span<Action const> actions)
{
    std::optional<Action> out;
    for (auto const& action : actions) {
        bool const is_restraint = action.kind == ActionKind::freeze || action.kind == ActionKind::thaw
            || action.kind == ActionKind::kill;
        if (is_restraint && !has_failed(action))
            out = action;
    }
    return out;
}

} // namespace tocsin::event
