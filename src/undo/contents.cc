// SPDX-License-Identifier: Apache-2.0
// The steps that put contents, rights and times right, once every name has its place.
#include <algorithm>

#include "tocsin/base/path.h"
#include "tocsin/event/globs.h"
#include "tocsin/undo/order.h"
#include "tocsin/undo/planner.h"

namespace tocsin::undo {

using event::ActivityKind;
using event::ObjectId;
using event::ObjectKind;
using event::Place;

// All names of the track that are wanted and known, as spots of `step`.
Result<void> Planner::write(Track& track, Wanted const& wanted, Purpose purpose)
{
    auto step = new_step(Phase::contents, StepKind::write, purpose, track);
    step.goal = wanted.goal;
    step.newest = wanted.newest;
    if (!is_alive(track))
        step.newest.reset();
    step.lives.assign(track.lives.begin(), track.lives.end() - 1);
    bool first = true;
    for (auto const& link : track.links) {
        if (!link.wanted)
            continue;
        auto spot = TRY(world_.spot_now(*link.wanted));
        if (!spot)
            continue;
        step.places.push_back(*link.wanted);
        list_directory(link.wanted->parent);
        if (first)
            step.spot = *spot;
        else
            step.names.push_back(*spot);
        first = false;
    }
    if (first)
        return {};
    if (!wanted.doubt.empty())
        note(absolute(plan_, step.spot), "restored", wanted.doubt);
    TRY(look_at(step, standing_[&track]));
    add(std::move(step));
    return {};
}

Result<void> Planner::write_beside(Track& track, Place const& place, SharedVersion const& version)
{
    std::vector<Standing> taken;
    auto beside = TRY(place_beside(place, version, taken));
    auto spot = TRY(world_.spot_now(beside));
    if (!spot)
        return {};
    note(absolute(plan_, *spot), "kept_both", "others changed '" + place.name + "' after the actor did");
    auto there = TRY(world_.occupant(beside));
    if (there)
        return {}; // an undo before this one put it there
    Step step;
    step.phase = Phase::contents;
    step.kind = StepKind::write;
    step.purpose = Purpose::kept_both;
    step.object_kind = track.kind;
    step.spot = *spot;
    step.places = {beside};
    step.goal = version;
    list_directory(beside.parent);
    TRY(look_at(step, taken));
    add(std::move(step));
    return {};
}

// Names that the actor took from an object which lives on under another.
Result<void> Planner::add_missing_names(Track& track)
{
    std::optional<Spot> from;
    for (auto const& link : track.links)
        if (link.wanted && link.real && !link.added)
            from = TRY(world_.spot_now(*link.real));
    if (!from)
        return {};
    for (auto const& link : track.links) {
        if (!link.wanted || !link.added)
            continue;
        auto spot = TRY(world_.spot_now(*link.wanted));
        if (!spot)
            continue;
        auto step = new_step(Phase::contents, StepKind::add_name, Purpose::recreated, track);
        step.from = *from;
        step.spot = *spot;
        step.places = {*link.wanted};
        list_directory(link.wanted->parent);
        add(std::move(step));
    }
    return {};
}

Result<void> Planner::set_metadata(Track& track, Wanted const& wanted)
{
    auto const* link = track.first_real();
    if (link == nullptr)
        return {};
    auto spot = TRY(world_.spot_now(*link->real));
    if (!spot)
        return {};
    auto step = new_step(Phase::contents, StepKind::set_metadata, Purpose::restored, track);
    step.spot = *spot;
    step.places = {*link->real};
    step.goal = wanted.goal;
    add(std::move(step));
    return {};
}

// It has no place: others deleted it, or put something new in its place.
Result<void> Planner::restore_gone(Track& track, Wanted const& wanted)
{
    if (track.replaced_at && wanted.touch.content && wanted.goal)
        return write_beside(track, *track.replaced_at, wanted.beside ? wanted.beside : wanted.goal);
    for (auto const& link : track.links)
        if (link.last_wanted && wanted.touch.content)
            return note_at(*link.last_wanted, "kept",
                "others deleted it afterwards: it stays deleted, its version stays in the repository");
    return {};
}

// What was left out on purpose is no failure, which would keep the incident open for ever.
Result<void> Planner::note_without_version(Place const& place)
{
    auto spot = TRY(world_.spot_now(place));
    auto path = spot ? absolute(plan_, *spot) : place.name;
    bool const is_left_out = std::ranges::any_of(history_.trees(), [&](auto const& tree) {
        return lies_in(path, tree.path) && event::matches_any(tree.excludes, path);
    });
    if (is_left_out) {
        note(std::move(path), "left out", "--exclude names it: no version is kept, and it stays as it is");
        return {};
    }
    ++plan_.counts.failed;
    note(std::move(path), "failed", "no version from before the incident is kept");
    return {};
}

Result<void> Planner::restore_content(Track& track)
{
    if (track.created_by_actor) {
        auto const* stays = track.adopted ? track.first_real() : nullptr;
        if (stays != nullptr)
            return note_at(*stays->real, "kept", "the actor made it, but others have changed it since");
        return {};
    }
    auto wanted = wanted_state(track, history_.actor());
    auto const* link = track.first_wanted();
    if (link == nullptr)
        return restore_gone(track, wanted);
    auto place = *link->wanted;
    bool gone = !is_alive(track);
    if (!wanted.goal) {
        if (gone || wanted.touch.content || wanted.touch.metadata)
            return note_without_version(place);
        return add_missing_names(track);
    }
    if (gone)
        TRY(write(track, wanted, beside_.contains(&track) ? Purpose::kept_both : Purpose::recreated));
    else if (wanted.content_differs)
        TRY(write(track, wanted, Purpose::restored));
    else {
        TRY(add_missing_names(track));
        if (wanted.metadata_differs)
            TRY(set_metadata(track, wanted));
    }
    if (wanted.beside)
        return write_beside(track, place, wanted.beside);
    return {};
}

Result<void> Planner::restore_contents()
{
    for (auto* track : touched_)
        if (track->kind != ObjectKind::directory)
            TRY(restore_content(*track));
    return {};
}

// A directory's time is that of the last name others gave or took in it, if that is later.
Result<SharedVersion> Planner::with_others_times(Track const& track, SharedVersion goal)
{
    auto latest = goal->metadata.mtime_ns;
    auto const* names = TRY(history_.names_in(track.object));
    for (auto const& a : *names)
        if (a.kind != ActivityKind::seen && !history_.actor().did(a) && a.process != event::undo_process
            && a.time > goal->time)
            latest = std::max(latest, to_nanoseconds(a.time));
    if (latest == goal->metadata.mtime_ns)
        return goal;
    auto later = *goal;
    later.metadata.mtime_ns = latest;
    return SharedVersion(std::make_shared<event::Version const>(std::move(later)));
}

Result<void> Planner::restore_directory(ObjectId directory)
{
    if (world_.standing_for(directory) != directory)
        return {};
    auto* track = TRY(history_.track(directory));
    if (track->kind != ObjectKind::directory || track->created_by_actor)
        return {};
    auto spot = TRY(world_.directory_now(directory));
    auto wanted = wanted_state(*track, history_.actor());
    if (!spot || !wanted.goal)
        return {};
    auto goal = TRY(with_others_times(*track, wanted.goal));
    bool rights = is_alive(*track) && wanted.touch.metadata
        && !event::same_rights(goal->metadata, wanted.newest->metadata);
    auto step = new_step(
        Phase::directories, StepKind::set_metadata, rights ? Purpose::restored : Purpose::passing, *track);
    if (!is_alive(*track))
        step.object = {}; // the undo made it
    step.spot = *spot;
    step.goal = std::move(goal);
    add(std::move(step));
    return {};
}

Result<void> Planner::restore_directories()
{
    for (auto* track : touched_)
        if (track->kind == ObjectKind::directory && wanted_state(*track, history_.actor()).touch.metadata)
            list_directory(track->object);
    auto first = plan_.steps.size();
    std::unordered_set<Track const*> done;
    for (auto directory : directories_) {
        auto* track = TRY(history_.track(directory));
        if (done.insert(track).second)
            TRY(restore_directory(track->object));
    }
    sort_deepest_first(std::span(plan_.steps).subspan(first));
    return {};
}

} // namespace tocsin::undo
