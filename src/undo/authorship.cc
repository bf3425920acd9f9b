// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/authorship.h"

#include <algorithm>

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Occasion;
using event::Version;

Authorship::Authorship(event::Incident const& incident, MadeEarly early)
    : processes_(incident.actor.processes.begin(), incident.actor.processes.end())
    , early_(std::move(early))
    , since_(early_.objects.empty() ? incident.first_activity : early_.since)
    , first_(incident.first_activity)
    , last_(incident.last_activity)
    , unknown_(incident.actor.kind == event::ActorKind::unknown)
{
    for (auto const& [process, errand] : early_.errands)
        since_ = std::min(since_, errand.since);
}

std::vector<event::ProcessKey> Authorship::helpers() const
{
    std::vector<event::ProcessKey> out;
    for (auto const& [process, errand] : early_.errands)
        if (!is_its(process))
            out.push_back(process);
    return out;
}

bool Authorship::in_time(WallTime time) const
{
    return time >= first_ && (!unknown_ || last_ < first_ || time <= last_);
}

bool Authorship::counts(event::ProcessKey process, ObjectId object, WallTime time) const
{
    auto is_of = [&](Early const& early) { return time >= early.since && early.objects.contains(object); };
    if (is_its(process) && (in_time(time) || (time < first_ && is_of(early_))))
        return true;
    auto const errand = early_.errands.find(process);
    return errand != early_.errands.end() && is_of(errand->second);
}

bool Authorship::did(Activity const& activity) const
{
    return activity.kind != ActivityKind::seen && counts(activity.process, activity.object, activity.time);
}

bool Authorship::wrote(Version const& version) const
{
    if (version.occasion == Occasion::undo)
        return false;
    // Of versions whose writer nobody saw only those of the guard's absence are the unknown actor's.
    if (!version.writer)
        return unknown_ && version.occasion == Occasion::absence && in_time(version.time);
    return counts(version.writer, version.object, version.time);
}

} // namespace tocsin::undo
