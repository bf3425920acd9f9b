// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/names_at.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Place;

std::set<Place> names_at(
    std::span<Activity const> activities, WallTime end, std::function<Place(Place)> const& now)
{
    std::set<Place> held;
    for (auto const& a : activities) {
        if (a.time > end)
            continue;
        using enum ActivityKind;
        if (a.kind == renamed || a.kind == deleted)
            held.erase(now(a.place));
        if (a.kind == renamed && a.target.parent)
            held.insert(now(a.target));
        if (a.kind == seen || a.kind == created || a.kind == linked)
            held.insert(now(a.place));
    }
    return held;
}

} // namespace tocsin::undo
