// SPDX-License-Identifier: Apache-2.0
// The words of the enumerations, as they stand in JSON and in the journal's views.
#include "tocsin/event/activity.h"
#include "tocsin/event/incident.h"
#include "tocsin/event/version.h"

namespace tocsin::event {

std::string_view name_of(Occasion occasion)
{
    switch (occasion) {
    case Occasion::walk:
        return "walk";
    case Occasion::close:
        return "close";
    case Occasion::open:
        return "open";
    case Occasion::interval:
        return "interval";
    case Occasion::metadata:
        return "metadata";
    case Occasion::absence:
        return "absence";
    case Occasion::undo:
        return "undo";
    }
    return "unknown";
}

std::string_view name_of(ActivityKind kind)
{
    switch (kind) {
    case ActivityKind::seen:
        return "seen";
    case ActivityKind::opened:
        return "opened";
    case ActivityKind::changed:
        return "changed";
    case ActivityKind::closed:
        return "closed";
    case ActivityKind::created:
        return "created";
    case ActivityKind::linked:
        return "linked";
    case ActivityKind::renamed:
        return "renamed";
    case ActivityKind::deleted:
        return "deleted";
    case ActivityKind::attributes:
        return "attributes";
    }
    return "unknown";
}

std::string_view name_of(IncidentState state)
{
    switch (state) {
    case IncidentState::observed:
        return "observed";
    case IncidentState::held:
        return "held";
    case IncidentState::contained:
        return "contained";
    case IncidentState::released:
        return "released";
    case IncidentState::stopped:
        return "stopped";
    case IncidentState::undone:
        return "undone";
    case IncidentState::closed:
        return "closed";
    }
    return "unknown";
}

std::string_view name_of(ActorKind kind)
{
    switch (kind) {
    case ActorKind::process_tree:
        return "process_tree";
    case ActorKind::session:
        return "session";
    case ActorKind::unit:
        return "unit";
    case ActorKind::unknown:
        return "unknown";
    }
    return "unknown";
}

std::string_view name_of(ActionKind kind)
{
    switch (kind) {
    case ActionKind::freeze:
        return "freeze";
    case ActionKind::thaw:
        return "thaw";
    case ActionKind::deny:
        return "deny";
    case ActionKind::allow:
        return "allow";
    case ActionKind::kill:
        return "kill";
    case ActionKind::undo:
        return "undo";
    case ActionKind::hold:
        return "hold";
    case ActionKind::cut:
        return "cut";
    case ActionKind::readmit:
        return "readmit";
    }
    return "unknown";
}

} // namespace tocsin::event
