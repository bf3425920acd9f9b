// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/history.h"

#include <algorithm>

#include "tocsin/undo/replay.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Occasion;
using event::Place;
using event::Version;

ActorTest::ActorTest(event::Incident const& incident)
    : processes_(incident.actor.processes.begin(), incident.actor.processes.end()),
      first_(incident.first_activity), last_(incident.last_activity),
      unknown_(incident.actor.kind == event::ActorKind::unknown)
{
}

bool ActorTest::in_time(WallTime time) const
{
    return time >= first_ && (!unknown_ || last_ < first_ || time <= last_);
}

bool ActorTest::did(Activity const& activity) const
{
    return activity.kind != ActivityKind::seen && processes_.contains(activity.process)
        && in_time(activity.time);
}

bool ActorTest::wrote(Version const& version) const
{
    if (!in_time(version.time) || version.occasion == Occasion::undo)
        return false;
    // Of versions whose writer nobody saw only those of the guard's absence are the unknown actor's.
    if (!version.writer)
        return unknown_ && version.occasion == Occasion::absence;
    return processes_.contains(version.writer);
}

Link const* Track::first_real() const
{
    auto at = std::ranges::find_if(links, [](Link const& link) { return link.real.has_value(); });
    return at == links.end() ? nullptr : &*at;
}

Link const* Track::first_wanted() const
{
    auto at = std::ranges::find_if(links, [](Link const& link) { return link.wanted.has_value(); });
    return at == links.end() ? nullptr : &*at;
}

Result<void> History::load_trees()
{
    std::map<event::RootId, Tree> newest;
    auto changes = TRY(journal_.roots());
    for (auto const& change : changes)
        newest[change.root] = {change.root, change.path, change.object};
    for (auto& [root, tree] : newest) {
        tree_objects_.insert(tree.object);
        trees_.push_back(std::move(tree));
    }
    return {};
}

Track* History::find(ObjectId object)
{
    auto at = by_object_.find(object);
    return at == by_object_.end() ? nullptr : at->second;
}

Result<std::vector<Activity> const*> History::names_in(ObjectId directory)
{
    auto at = names_in_.find(directory);
    if (at != names_in_.end())
        return &at->second;
    auto activities = TRY(journal_.activities_in(directory));
    for (auto const& a : activities)
        if (a.displaced && a.target.parent == directory)
            displaced_[a.displaced].push_back(a);
    return &names_in_.emplace(directory, std::move(activities)).first->second;
}

Result<Track*> History::track(ObjectId object)
{
    if (auto* known = find(object))
        return known;
    Track fresh;
    TRY(load(fresh, object));
    for (;;) {
        auto next = next_life(fresh);
        if (!next)
            break;
        if (auto* later = find(*next)) { // loaded by itself before: the two become one
            auto lives = later->lives;
            for (auto life : lives)
                TRY(load(fresh, life));
            *later = std::move(fresh);
            for (auto life : later->lives)
                by_object_[life] = later;
            TRY(replay(*later));
            return later;
        }
        TRY(load(fresh, *next));
    }
    auto& stored = tracks_.emplace_back(std::move(fresh));
    for (auto life : stored.lives)
        by_object_[life] = &stored;
    TRY(replay(stored));
    return &stored;
}

// Adds one inode's records to the track.
Result<void> History::load(Track& track, ObjectId object)
{
    auto activities = TRY(journal_.activities_on(object));
    for (auto const& a : activities)
        for (auto parent : {a.place.parent, a.target.parent})
            if (parent)
                TRY(names_in(parent));
    auto displacing = displaced_.find(object);
    if (displacing != displaced_.end())
        activities.insert(activities.end(), displacing->second.begin(), displacing->second.end());
    track.activities.insert(track.activities.end(), activities.begin(), activities.end());
    std::ranges::sort(track.activities, {}, &Activity::id);
    auto repeated = std::ranges::unique(track.activities, {}, &Activity::id);
    track.activities.erase(repeated.begin(), repeated.end());

    auto versions = TRY(journal_.versions_of(object));
    track.versions.insert(track.versions.end(), versions.begin(), versions.end());
    std::ranges::sort(track.versions, {}, &Version::id);

    track.lives.push_back(object);
    track.object = object;
    auto current = TRY(journal_.current(object));
    if (current) {
        track.kind = current->kind;
        track.root = current->root;
    }
    for (auto const& version : versions)
        track.kind = version.kind(), track.root = version.root;
    for (auto const& a : activities)
        if (a.object == object) {
            if (track.kind == event::ObjectKind::other)
                track.kind = a.object_kind;
            if (!track.root)
                track.root = a.root;
        }
    return {};
}

// The inode that an undo put in this one's place.
std::optional<ObjectId> History::next_life(Track const& track) const
{
    for (auto const& a : track.activities) {
        if (a.displaced != track.object || a.object == track.object || a.process != undo_process)
            continue;
        if (std::ranges::find(track.lives, a.object) != track.lives.end())
            continue;
        return a.object;
    }
    return {};
}

// New things seen in a directory that the actor brought in came with it.
Result<bool> History::inside_actors_directory(Activity const& seen)
{
    if (is_tree(seen.place.parent))
        return false;
    auto* parent = find(seen.place.parent);
    return parent != nullptr && parent->created_by_actor;
}

Result<void> History::replay(Track& track)
{
    track.links.clear();
    track.created_by_actor = track.adopted = false;
    track.replaced_at.reset();
    Replay replay{track, actor_, {}};
    for (auto const& a : track.activities) {
        bool actors = actor_.did(a);
        if (a.kind == ActivityKind::seen && track.links.empty() && track.activities.front().id == a.id) {
            auto came_along = TRY(inside_actors_directory(a));
            bool first_in_absence = actor_.is_unknown() && !track.versions.empty()
                && actor_.wrote(track.versions.front());
            actors = came_along || first_in_absence;
        }
        replay.apply(a, actors);
    }
    std::vector<Place> places;
    for (auto life : track.lives) {
        auto current = TRY(journal_.current(life));
        if (current)
            places.insert(places.end(), current->places.begin(), current->places.end());
    }
    replay.finish(places);
    return {};
}

} // namespace tocsin::undo
