// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/history.h"

#include <algorithm>

#include "tocsin/undo/names_at.h"
#include "tocsin/undo/plan.h"
#include "tocsin/undo/replay.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Occasion;
using event::Place;
using event::Version;

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

Result<void> History::load(WallTime from)
{
    trees_ = TRY(journal_.roots());
    for (auto const& tree : trees_)
        tree_objects_.insert(tree.object);
    event::ProcessKey undo[] = {event::undo_process};
    auto activities = TRY(journal_.activities_by(undo, from));
    for (auto const& a : activities) {
        bool const is_next_life = a.place.name.empty(); // else the witness's telling (undo/recorder.h)
        if (!a.displaced || a.displaced == a.object || !is_next_life)
            continue;
        next_life_[a.displaced] = a.object;
        life_before_[a.object] = a.displaced;
        replaced_.try_emplace(a.displaced, a.time, a.target);
    }
    return {};
}

ObjectId History::last_life(ObjectId object) const
{
    for (auto next = next_life_.find(object); next != next_life_.end(); next = next_life_.find(object))
        object = next->second;
    return object;
}

std::vector<ObjectId> History::lives_of(ObjectId object) const
{
    std::vector<ObjectId> out{last_life(object)};
    for (auto at = life_before_.find(out.back()); at != life_before_.end();
        at = life_before_.find(out.back()))
        out.push_back(at->second);
    std::ranges::reverse(out);
    return out;
}

Place History::now(Place place) const
{
    place.parent = last_life(place.parent);
    return place;
}

Activity History::now(Activity activity) const
{
    activity.place = now(std::move(activity.place));
    activity.target = now(std::move(activity.target));
    return activity;
}

Track* History::find(ObjectId object)
{
    auto at = by_object_.find(last_life(object));
    return at == by_object_.end() ? nullptr : at->second;
}

Result<std::vector<Activity> const*> History::names_in(ObjectId directory)
{
    directory = last_life(directory);
    auto at = names_in_.find(directory);
    if (at != names_in_.end())
        return &at->second;
    std::vector<Activity> out;
    for (auto life : lives_of(directory)) {
        auto activities = TRY(journal_.activities_in(life));
        for (auto& a : activities)
            out.push_back(now(std::move(a)));
    }
    std::ranges::sort(out, {}, &Activity::id);
    for (auto const& a : out)
        if (a.displaced && a.target.parent == directory)
            displaced_[a.displaced].push_back(a);
    return &names_in_.emplace(directory, std::move(out)).first->second;
}

Result<Track*> History::track(ObjectId object)
{
    if (auto* known = find(object))
        return known;
    Track track;
    track.lives = lives_of(object);
    track.object = track.lives.back();
    for (auto life : track.lives)
        TRY(load_life(track, life));
    std::ranges::sort(track.activities, {}, &Activity::id);
    auto repeated = std::ranges::unique(track.activities, {}, &Activity::id);
    track.activities.erase(repeated.begin(), repeated.end());
    std::ranges::sort(track.versions, {}, &Version::id);
    auto& stored = tracks_.emplace_back(std::move(track));
    by_object_[stored.object] = &stored;
    TRY(replay(stored));
    return &stored;
}

// Undo replaced this inode and left it beside, because a program has it open: what befalls it later
// is another file's story. If it had further names (hard links) when it was replaced, it may only be
// what a killed undo had not replaced everywhere yet: then it stays part of this story.
bool History::goes_its_own_way(
    std::span<Activity const> activities, journal::CurrentObject const& current) const
{
    auto found = replaced_.find(current.object);
    if (found == replaced_.end() || current.places.empty())
        return false;
    auto further =
        names_at(activities, found->second.time, [this](Place place) { return now(std::move(place)); });
    further.erase(now(found->second.place));
    return std::ranges::all_of(
        further, [](Place const& place) { return place.name.starts_with(fresh_prefix); });
}

// Adds one inode's records to the track.
Result<void> History::load_life(Track& track, ObjectId object)
{
    auto activities = TRY(journal_.activities_on(object));
    auto versions = TRY(journal_.versions_of(object));
    auto current = TRY(journal_.current(object));
    if (current && goes_its_own_way(activities, *current)) {
        auto is_later = [end = replaced_.at(object).time](auto const& record) { return record.time > end; };
        std::erase_if(activities, is_later);
        std::erase_if(versions, is_later);
        own_ways_.insert(object);
    }
    for (auto const& a : activities)
        for (auto parent : {a.place.parent, a.target.parent})
            if (parent)
                TRY(names_in(parent)); // fills `displaced_` for this object
    auto displacing = displaced_.find(object);
    if (displacing != displaced_.end())
        track.activities.insert(track.activities.end(), displacing->second.begin(), displacing->second.end());
    for (auto& a : activities) {
        if (track.kind == event::ObjectKind::other)
            track.kind = a.object_kind;
        if (a.root)
            track.root = a.root;
        track.activities.push_back(now(std::move(a)));
    }
    for (auto& version : versions) {
        track.kind = version.kind();
        track.root = version.root;
        track.versions.push_back(std::move(version));
    }
    if (current) {
        track.kind = current->kind;
        track.root = current->root;
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
    Replay replay{track, actor_, {}};
    for (auto const& a : track.activities) {
        bool actors = actor_.did(a);
        if (a.kind == ActivityKind::seen && track.links.empty() && track.activities.front().id == a.id) {
            auto came_along = TRY(inside_actors_directory(a));
            bool first_in_absence =
                actor_.is_unknown() && !track.versions.empty() && actor_.wrote(track.versions.front());
            actors = came_along || first_in_absence;
        }
        replay.apply(a, actors);
    }
    std::vector<Place> places;
    for (auto life : track.lives) {
        auto current = TRY(journal_.current(life));
        if (current && !own_ways_.contains(life))
            for (auto& place : current->places)
                places.push_back(now(std::move(place)));
    }
    replay.finish(places);
    return {};
}

} // namespace tocsin::undo
