// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/absence.h"

#include <fmt/format.h>

namespace tocsin::guard {

event::ProcessKey unseen_maker(event::Metadata const& metadata)
{
    return {0, ticks_since_boot(from_nanoseconds(metadata.btime_ns))};
}

std::vector<event::ObjectId> Absence::take_missing()
{
    std::vector<event::ObjectId> out(missing_.begin(), missing_.end());
    missing_.clear();
    return out;
}

bool Absence::is_empty() const
{
    return incident_.objects_changed + incident_.objects_created + incident_.objects_deleted == 0;
}

event::Incident Absence::incident() const
{
    auto out = incident_;
    out.state = event::IncidentState::observed;
    out.actor.kind = event::ActorKind::unknown;
    out.actor.command = "unknown: the guard was not running";
    out.actor.processes = {event::ProcessKey{}};
    out.reasons = {
        fmt::format("while the guard was not running, {} objects were changed, {} deleted and {} created",
            out.objects_changed, out.objects_deleted, out.objects_created)};
    return out;
}

} // namespace tocsin::guard
