// SPDX-License-Identifier: Apache-2.0
#include "tocsin/event/activity.h"

namespace tocsin::event {

using enum ActivityKind;

Place const* place_taken(Activity const& activity)
{
    bool const is_moved = activity.kind == renamed && activity.place.parent;
    return is_moved || activity.kind == deleted ? &activity.place : nullptr;
}

Place const* place_given(Activity const& activity)
{
    if (activity.kind == renamed)
        return activity.target.parent ? &activity.target : nullptr;
    bool const is_named = activity.kind == seen || activity.kind == created || activity.kind == linked;
    return is_named ? &activity.place : nullptr;
}

} // namespace tocsin::event
