// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/authorship.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Occasion;
using event::Version;

Authorship::Authorship(event::Incident const& incident, MadeEarly early)
    : processes_(incident.actor.processes.begin(), incident.actor.processes.end())
    , early_(std::move(early))
    , first_(incident.first_activity)
    , last_(incident.last_activity)
    , unknown_(incident.actor.kind == event::ActorKind::unknown)
{
}

bool Authorship::in_time(WallTime time) const
{
    return time >= first_ && (!unknown_ || last_ < first_ || time <= last_);
}

bool Authorship::counts(ObjectId object, WallTime time) const
{
    return in_time(time) || (time >= early_.since && time < first_ && early_.objects.contains(object));
}

bool Authorship::did(Activity const& activity) const
{
    return activity.kind != ActivityKind::seen && processes_.contains(activity.process)
        && counts(activity.object, activity.time);
}

bool Authorship::wrote(Version const& version) const
{
    if (!counts(version.object, version.time) || version.occasion == Occasion::undo)
        return false;
    // Of versions whose writer nobody saw only those of the guard's absence are the unknown actor's.
    if (!version.writer)
        return unknown_ && version.occasion == Occasion::absence;
    return processes_.contains(version.writer);
}

} // namespace tocsin::undo
