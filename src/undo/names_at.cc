// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/names_at.h"

namespace tocsin::undo {

using event::Activity;
using event::Place;

std::set<Place> names_at(
    std::span<Activity const> activities, WallTime end, std::function<Place(Place)> const& now)
{
    std::set<Place> held;
    for (auto const& a : activities) {
        if (a.time > end)
            continue;
        if (auto const* taken = event::place_taken(a))
            held.erase(now(*taken));
        if (auto const* given = event::place_given(a))
            held.insert(now(*given));
    }
    return held;
}

} // namespace tocsin::undo
