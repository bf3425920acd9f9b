// SPDX-License-Identifier: Apache-2.0
// event/holds.h -- what an incident's actions say of its actor: at large, frozen, or ended.
#pragma once

#include <optional>
#include <span>

#include "tocsin/event/incident.h"

namespace tocsin::event {

inline bool has_failed(Action const& action)
{
    return action.outcome.starts_with("failed");
}

// The last freeze, thaw or kill that did not fail. `actions` in the order in which they were done.
inline std::optional<Action> last_hold(std::span<Action const> actions)
{
    std::optional<Action> out;
    for (auto const& action : actions) {
        bool const is_one = action.kind == ActionKind::freeze || action.kind == ActionKind::thaw
            || action.kind == ActionKind::kill;
        if (is_one && !has_failed(action))
            out = action;
    }
    return out;
}

} // namespace tocsin::event
