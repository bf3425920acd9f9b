// SPDX-License-Identifier: Apache-2.0
// undo/names_at.h -- the names that one object had at a time.
#pragma once

#include <functional>
#include <set>
#include <span>

#include "tocsin/event/activity.h"

namespace tocsin::undo {

// After all that happened at `end` or before. `activities`: the object's own, oldest first. `now` says how a
// place is called since.
std::set<event::Place> names_at(std::span<event::Activity const> activities, WallTime end,
    std::function<event::Place(event::Place)> const& now);

} // namespace tocsin::undo
