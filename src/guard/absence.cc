// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/absence.h"

#include <fmt/format.h>

#include "tocsin/verdict/settings.h"

namespace tocsin::guard {

event::ProcessKey unseen_maker(std::int64_t born_ns, WallTime found)
{
    auto const born = from_nanoseconds(born_ns);
    bool const is_young = born <= found && born + verdict::Settings{}.made_unseen > found;
    return is_young ? event::ProcessKey{0, ticks_since_boot(born)} : event::ProcessKey{};
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
