// SPDX-License-Identifier: Apache-2.0
// What the actor touched, and what has to be known beside it.
#include <algorithm>
#include <ranges>

#include "tocsin/undo/order.h"
#include "tocsin/undo/planner.h"
#include "tocsin/undo/replay.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::ObjectKind;

Result<void> Planner::touch(ObjectId object)
{
    auto* track = TRY(history_.track(object));
    if (is_touched_.insert(track).second)
        touched_.push_back(track);
    return {};
}

void Planner::list_directory(ObjectId directory)
{
    if (directory && is_directory_listed_.insert(directory).second)
        directories_.push_back(directory);
}

Result<void> Planner::gather_activities()
{
    auto processes = history_.actor().helpers();
    processes.insert(processes.end(), incident_.actor.processes.begin(), incident_.actor.processes.end());
    auto activities = TRY(history_.journal().activities_by(processes, history_.actor().since()));
    std::vector<ObjectId> only_opened;
    for (auto const& a : activities) {
        if (!history_.actor().did(a))
            continue;
        if (a.kind == ActivityKind::opened || a.kind == ActivityKind::closed) {
            only_opened.push_back(a.object);
            continue;
        }
        TRY(touch(a.object));
        if (a.displaced)
            TRY(touch(a.displaced));
        if (a.kind != ActivityKind::changed && a.kind != ActivityKind::attributes) {
            list_directory(a.place.parent);
            list_directory(a.target.parent);
        }
    }
    // Stores through a mapping leave no activity, only a version.
    std::ranges::sort(only_opened);
    auto repeated = std::ranges::unique(only_opened);
    only_opened.erase(repeated.begin(), repeated.end());
    for (auto object : only_opened) {
        if (history_.find(object) != nullptr)
            continue;
        auto versions = TRY(history_.journal().versions_of(object));
        if (std::ranges::any_of(versions, [&](auto const& v) { return history_.actor().wrote(v); }))
            TRY(touch(object));
    }
    return {};
}

// Changes found after the guard's absence may have no activity at all.
Result<void> Planner::gather_versions()
{
    if (!history_.actor().is_unknown())
        return {};
    std::vector<ObjectId> objects;
    TRY(history_.journal().for_each_version([&](event::Version const& version) -> Result<void> {
        if (history_.actor().wrote(version))
            objects.push_back(version.object);
        return {};
    }));
    for (auto object : objects)
        TRY(touch(object));
    return {};
}

// All that ever had a name in the directory.
Result<std::vector<Track*>> Planner::named_in(ObjectId directory)
{
    auto const* names = TRY(history_.names_in(directory));
    std::vector<ObjectId> objects; // the names may move while tracks are made
    for (auto const& a : *names)
        objects.push_back(a.object);
    std::vector<Track*> out;
    for (auto object : objects) {
        auto* track = TRY(history_.track(object));
        out.push_back(track);
    }
    return out;
}

// The list grows while it is walked: directories inside directories.
Result<void> Planner::gather_inside_actors_directories()
{
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        auto& directory = *touched_[i];
        if (!directory.created_by_actor || directory.kind != ObjectKind::directory)
            continue;
        auto const inside = TRY(named_in(directory.object));
        for (auto* track : inside) {
            if (track->created_by_actor && is_touched_.insert(track).second)
                touched_.push_back(track);
        }
    }
    return {};
}

// What was in a directory that left the trees went with it, and nothing tells of each. An undo that ended
// early may have made the directory again, and not all of what was in it. Both lists grow while they are
// walked: directories inside directories.
Result<void> Planner::gather_inside_lost_directories()
{
    std::vector<Track*> directories(touched_);
    std::unordered_set<Track const*> seen(directories.begin(), directories.end());
    for (std::size_t i = 0; i < directories.size(); ++i) {
        auto& directory = *directories[i];
        bool const was_lost = directory.first_real() == nullptr || directory.lives.size() > 1;
        bool const is_wanted =
            directory.first_wanted() != nullptr || (directory.created_by_actor && actor_took_away(directory));
        if (directory.kind != ObjectKind::directory || !was_lost || !is_wanted)
            continue;
        auto const inside = TRY(named_in(directory.object));
        for (auto* track : inside) {
            bool const is_back = want_back(*track, directory);
            if (is_back && is_touched_.insert(track).second)
                touched_.push_back(track);
            if (is_back || seen.insert(track).second)
                directories.push_back(track);
        }
    }
    return {};
}

// The last that took it away, or out of the trees, was the actor.
bool Planner::actor_took_away(Track const& directory) const
{
    auto takes_away = [](Activity const& a) {
        return a.kind == ActivityKind::deleted || (a.kind == ActivityKind::renamed && !a.target.parent);
    };
    auto newest_first = std::views::reverse(directory.activities);
    auto const last = std::ranges::find_if(newest_first, takes_away);
    return last != newest_first.end() && history_.actor().did(*last);
}

// The names that it lost together with the directory. Also one that an undo gave, or told of, only when the
// directory had left again: the journal has that still. What the actor took elsewhere out of the directory is
// moved back from there.
bool Planner::want_back(Track& track, Track const& directory)
{
    bool found = false;
    bool const has_left = directory.first_real() == nullptr;
    for (auto& link : track.links) {
        bool const is_inside = link.last_real.parent == directory.object;
        bool const went_along = link.unexplained && link.last_wanted;
        bool const came_late = has_left && link.real && link.wanted == link.real;
        if (!is_inside || (!went_along && !came_late))
            continue;
        if (went_along)
            link.wanted = link.last_wanted;
        link.unexplained = false;
        world_.take(link);
        found = true;
        list_directory(link.wanted->parent);
    }
    if (found && (!track.created_by_actor || track.adopted))
        pair_names(track);
    return found;
}

// Directories that must be there are wanted, and whoever is at a wanted place is known.
Result<void> Planner::settle_wanted_places()
{
    for (std::size_t i = 0; i < history_.tracks().size(); ++i) {
        auto& track = history_.tracks()[i];
        for (std::size_t l = 0; l < track.links.size(); ++l) {
            auto wanted = track.links[l].wanted;
            if (!wanted || history_.is_tree(track.object))
                continue;
            auto depth = TRY(world_.depth_wanted(*wanted));
            if (!depth) {
                track.links[l].wanted.reset();
                continue;
            }
            auto occupant = TRY(world_.occupant(*wanted));
            if (occupant)
                TRY(history_.track(occupant));
        }
    }
    return {};
}

Result<void> Planner::remember_before()
{
    for (auto* track : touched_) {
        if (track->created_by_actor)
            continue;
        auto wanted = wanted_state(*track, history_.actor());
        Before before{.names = {}, .version = wanted.beside ? wanted.beside : wanted.goal};
        for (auto const& link : track->links) {
            auto const& place = link.wanted ? link.wanted : track->replaced_at;
            if (!place)
                continue;
            auto spot = TRY(world_.spot_wanted(*place));
            if (spot)
                before.names.push_back(*spot);
        }
        if (before.version && !before.names.empty())
            plan_.before.push_back(std::move(before));
    }
    sort_stably(std::span(plan_.before), [](Before const& b) {
        return std::pair(b.version->kind() != ObjectKind::directory, b.names.front());
    });
    return {};
}

Result<void> Planner::gather()
{
    TRY(history_.load(history_.actor().since()));
    TRY(gather_activities());
    TRY(gather_versions());
    TRY(gather_inside_actors_directories());
    TRY(gather_inside_lost_directories());
    TRY(settle_wanted_places());
    for (auto& track : history_.tracks())
        if (track.first_real() == nullptr)
            was_gone_.insert(&track);
    return remember_before();
}

} // namespace tocsin::undo
