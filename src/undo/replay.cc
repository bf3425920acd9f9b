// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/replay.h"

#include <algorithm>
#include <utility>

#include "tocsin/undo/plan.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Place;

namespace {

// A name that is where it is wanted.
Link link_at(Place const& place, event::ActivityId placed)
{
    Link out;
    out.real = out.wanted = place;
    out.last_real = place;
    out.placed = placed;
    return out;
}

// Undo's passing names. An actor may use them too, and is believed nothing.
bool is_passing(Place const& place, bool actors)
{
    return !actors && place.name.starts_with(fresh_prefix);
}

} // namespace

Link* Replay::at(Place const& place)
{
    auto found = std::ranges::find_if(track.links, [&](Link const& link) { return link.real == place; });
    return found == track.links.end() ? nullptr : &*found;
}

// The name that was last lost there.
Link* Replay::lost_at(Place const& place)
{
    Link* found = nullptr;
    for (auto& link : track.links)
        if (!link.real && link.last_real == place)
            found = &link;
    return found;
}

// The name that an undo gave to a new inode of the same object.
Link* Replay::next_life_at(Place const& place)
{
    if (auto* link = at(place))
        return link;
    auto* ghost = ghost_at(place);
    return ghost == nullptr ? lost_at(place) : ghost;
}

// A name that the actor took and that is wanted there.
Link* Replay::ghost_at(Place const& place)
{
    auto found = std::ranges::find_if(
        track.links, [&](Link const& link) { return !link.real && link.wanted == place; });
    return found == track.links.end() ? nullptr : &*found;
}

void Replay::apply(Activity const& activity, bool actors)
{
    if (actors && !first_touch)
        first_touch = activity.id;
    bool own = std::ranges::find(track.lives, activity.object) != track.lives.end();
    if (!own) {
        if (activity.displaced)
            lose(activity, activity.target, actors);
        return;
    }
    switch (activity.kind) {
    case ActivityKind::seen:
    case ActivityKind::created:
    case ActivityKind::linked:
        gain(activity, activity.place, actors);
        break;
    case ActivityKind::renamed:
        rename(activity, actors);
        if (activity.place.name.empty() && activity.process == event::undo_process
            && track.kind == event::ObjectKind::directory)
            forget_other_names(activity.target);
        break;
    case ActivityKind::deleted:
        lose(activity, activity.place, actors);
        break;
    case ActivityKind::changed:
    case ActivityKind::attributes:
    case ActivityKind::opened:
    case ActivityKind::closed:
        break;
    }
}

void Replay::gain(Activity const& activity, Place const& place, bool actors)
{
    if (place.name.empty() || at(place) != nullptr || is_passing(place, actors))
        return;
    if (auto* gone = ghost_at(place); gone != nullptr && !actors) { // it has its old name again
        gone->real = place;
        gone->last_real = place;
        gone->placed = activity.id;
        return;
    }
    bool first = track.links.empty();
    Link link;
    link.real = place;
    link.last_real = place;
    link.placed = activity.id;
    if (actors)
        track.created_by_actor = track.created_by_actor || first;
    else {
        link.wanted = place;
        track.adopted = track.adopted || track.created_by_actor;
    }
    track.links.push_back(std::move(link));
}

// An undo made the directory again: the one that it stands for has left, under whatever name.
void Replay::forget_other_names(Place const& given)
{
    for (auto& link : track.links)
        if (link.real != given) {
            link.real.reset();
            link.wanted.reset();
        }
}

void Replay::rename(Activity const& activity, bool actors)
{
    auto const& from = activity.place;
    auto const& to = activity.target;
    bool from_nowhere = from.name.empty() || is_passing(from, actors);
    Link* link = from_nowhere ? next_life_at(to) : at(from);
    if (is_passing(to, actors)) { // its new life has its name, or is about to
        if (link != nullptr)
            link->real.reset();
        return;
    }
    if (link == nullptr && !from_nowhere) {
        link = lost_at(from); // an exchange: the other half said that it was displaced
        if (link != nullptr && track.replaced_at == from)
            track.replaced_at.reset();
    }
    if (link == nullptr && !from_nowhere && activity.process == event::undo_process)
        return; // undo and the guard's witness tell each of undo's moves, in any order
    if (link == nullptr) {
        // From outside the trees, or from before the journal's memory; or told twice.
        if (from_nowhere || !from.parent || at(to) != nullptr)
            return gain(activity, to, actors);
        track.links.push_back(link_at(from, activity.id));
        link = &track.links.back();
    }
    if (to.parent) {
        link->real = to;
        link->last_real = to;
    } else
        link->real.reset();
    if (actors)
        return;
    if (to.name.starts_with(parked_prefix)) // undo's, on the way to where it is wanted
        return;
    // Where undo puts an object is where it was wanted, or beside that; nobody adopts it so.
    if (activity.process != event::undo_process)
        track.adopted = track.adopted || (track.created_by_actor && to.parent);
    link->wanted = link->real;
    link->placed = activity.id;
}

void Replay::lose(Activity const& activity, Place const& place, bool actors)
{
    if (track.links.empty() && actors) // the journal has no word of it from before
        track.links.push_back(link_at(place, {}));
    Link* link = at(place);
    if (link == nullptr && activity.process == event::undo_process)
        link = ghost_at(place); // it went by a passing name, which the witness told before
    if (link == nullptr)
        return;
    bool displaced = activity.kind == ActivityKind::renamed;
    link->real.reset();
    if (actors || (displaced && is_passing(activity.place, actors)))
        return;
    if (link->wanted)
        link->last_wanted = link->wanted;
    link->wanted.reset();
    link->placed = activity.id;
    if (displaced && first_touch && activity.process != event::undo_process)
        track.replaced_at = place;
}

// The actor's own object stays when others changed it afterwards.
void Replay::adopt_if_changed()
{
    if (!track.created_by_actor || track.adopted)
        return;
    auto others = [&](Activity const& a) {
        return a.id > first_touch && !actor.did(a)
            && (a.kind == ActivityKind::changed || a.kind == ActivityKind::attributes);
    };
    bool changed =
        track.kind != event::ObjectKind::directory && std::ranges::any_of(track.activities, others);
    event::Version const* before = nullptr;
    for (auto const& version : track.versions) {
        if (version.occasion == event::Occasion::close && !actor.wrote(version) && before != nullptr
            && version.digest != before->digest)
            changed = true;
        before = &version;
    }
    if (!changed)
        return;
    track.adopted = true;
    for (auto& link : track.links)
        link.wanted = link.real;
}

void pair_names(Track& track)
{
    for (auto& gone : track.links) {
        if (gone.real || !gone.wanted)
            continue;
        auto extra =
            std::ranges::find_if(track.links, [](Link const& link) { return link.real && !link.wanted; });
        if (extra == track.links.end())
            return;
        gone.real = extra->real;
        gone.last_real = extra->last_real;
        extra->real.reset();
    }
}

void Replay::finish(std::span<Place const> places)
{
    for (auto& link : track.links)
        if (link.real && std::ranges::find(places, *link.real) == places.end()) {
            link.real.reset(); // nobody says who did it: not the actor
            link.last_wanted = std::exchange(link.wanted, {});
            link.unexplained = true;
        }
    for (auto const& place : places) {
        if (at(place) != nullptr || place.name.starts_with(fresh_prefix))
            continue;
        if (auto* ghost = ghost_at(place))
            ghost->real = place;
        else
            track.links.push_back(link_at(place, {}));
    }
    adopt_if_changed();
    if (!track.created_by_actor || track.adopted)
        pair_names(track);
    std::erase_if(track.links,
        [](Link const& link) { return !link.real && !link.wanted && link.last_real.name.empty(); });
}

} // namespace tocsin::undo
