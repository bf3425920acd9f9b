// SPDX-License-Identifier: Apache-2.0
// The steps that put names right: the actor's own things away, everything else to its place.
#include <algorithm>
#include <fmt/format.h>

#include "tocsin/undo/order.h"
#include "tocsin/undo/planner.h"

namespace tocsin::undo {

using event::ObjectKind;
using event::Place;

Result<void> Planner::clear_object(Track& track)
{
    bool first = true;
    for (auto& link : track.links) {
        if (!link.real)
            continue;
        auto step = first ? new_step(Phase::clear, StepKind::set_aside, Purpose::set_aside, track)
                          : new_step(Phase::clear, StepKind::remove_name, Purpose::passing, track);
        first = false;
        if (!track.versions.empty())
            step.newest = std::make_shared<event::Version const>(track.versions.back());
        auto spot = TRY(world_.spot_now(*link.real));
        step.places = {*link.real};
        list_directory(link.real->parent);
        world_.take(link);
        if (!spot)
            continue;
        step.spot = *spot;
        add(std::move(step));
    }
    return {};
}

// Names that the actor gave to others' objects, which have another name to live by.
Result<void> Planner::clear_extra_names(Track& track)
{
    bool wanted_anywhere =
        std::ranges::any_of(track.links, [](Link const& link) { return link.real && link.wanted; });
    if (!wanted_anywhere)
        return clear_object(track);
    for (auto& link : track.links) {
        if (!link.real || link.wanted)
            continue;
        auto step = new_step(Phase::clear, StepKind::remove_name, Purpose::set_aside, track);
        auto spot = TRY(world_.spot_now(*link.real));
        step.places = {*link.real};
        list_directory(link.real->parent);
        world_.take(link);
        if (!spot)
            continue;
        step.spot = *spot;
        add(std::move(step));
    }
    return {};
}

Result<void> Planner::clear()
{
    for (auto* track : touched_) {
        if (track->kind == ObjectKind::directory)
            continue;
        if (track->created_by_actor && !track->adopted)
            TRY(clear_object(*track));
        else if (std::ranges::any_of(
                     track->links, [](Link const& link) { return link.real && !link.wanted; }))
            TRY(clear_extra_names(*track));
    }
    return {};
}

Result<std::vector<Planner::Claim>> Planner::claims()
{
    std::vector<Claim> out;
    for (auto& track : history_.tracks())
        for (std::size_t l = 0; l < track.links.size(); ++l) {
            auto const& link = track.links[l];
            if (!link.wanted || link.real == link.wanted)
                continue;
            auto depth = TRY(world_.depth_wanted(*link.wanted));
            if (depth)
                out.push_back({&track, l, *depth, link.placed});
        }
    // Parents before what is in them; of two that want one place, the one others put there last.
    sort_stably(
        std::span(out), [](Claim const& claim) { return std::pair(claim.depth, -claim.placed.value); });
    return out;
}

// An actor's directory that holds others' work, in the place of another directory that is to
// come back: what it holds goes into that one instead.
Result<void> Planner::merge_kept_directories()
{
    auto& kept = world_.kept_directories();
    for (auto at = kept.begin(); at != kept.end();) {
        auto* directory = TRY(history_.track(*at));
        auto const* link = directory->first_wanted();
        Track* returning = nullptr;
        for (auto& track : history_.tracks())
            if (&track != directory && track.kind == ObjectKind::directory && !track.created_by_actor
                && link != nullptr && std::ranges::any_of(track.links, [&](Link const& candidate) {
                       return candidate.wanted == link->wanted;
                   }))
                returning = &track;
        if (returning == nullptr || !directory->created_by_actor) {
            ++at;
            continue;
        }
        for (auto& candidate : directory->links)
            candidate.wanted.reset();
        directory->adopted = false;
        for (auto& track : history_.tracks())
            for (auto& candidate : track.links)
                if (candidate.wanted && candidate.wanted->parent == directory->object)
                    candidate.wanted->parent = returning->object;
        at = kept.erase(at);
    }
    return {};
}

Result<void> Planner::name_everything()
{
    TRY(merge_kept_directories());
    auto all = TRY(claims());
    for (auto const& claim : all)
        TRY(settle(claim));
    return {};
}

Result<void> Planner::move(Track& track, Link& link, Place const& place, Purpose purpose)
{
    auto from = TRY(world_.spot_now(*link.real));
    auto to = TRY(world_.spot_now(place));
    auto step = new_step(Phase::names, StepKind::move, purpose, track);
    auto old_place = *link.real;
    step.places = {old_place, place};
    list_directory(old_place.parent);
    list_directory(place.parent);
    world_.put(track, link, place);
    if (!from || !to) {
        ++plan_.counts.failed;
        return note_at(place, "failed", "the journal cannot tell where it is now");
    }
    step.from = *from;
    step.spot = *to;
    add(std::move(step));
    return {};
}

// Who is at this place and shall be; none: nobody is, or it is on its way to somewhere else.
Result<Track*> Planner::stays_at(Place const& place)
{
    Track* none = nullptr;
    auto object = TRY(world_.occupant(place));
    if (!object)
        return none;
    auto* occupant = TRY(history_.track(object));
    for (auto const& link : occupant->links)
        if (link.real == place
            && (!link.wanted || Place{world_.standing_for(link.wanted->parent), link.wanted->name} != place))
            return none;
    return occupant;
}

// It waits where nobody looks until its own place is free.
Result<void> Planner::park(Track& occupant, Place const& place)
{
    auto const* tree = &history_.trees().front();
    for (auto const& candidate : history_.trees())
        if (candidate.root == occupant.root)
            tree = &candidate;
    for (auto& link : occupant.links) {
        if (link.real != place)
            continue;
        Place parked{tree->object, fmt::format("{}{:016x}", parked_prefix, occupant.object.value)};
        TRY(move(occupant, link, parked, Purpose::passing));
    }
    return {};
}

// An undo that ended before it could say so has put this very version there.
Result<bool> Planner::is_restored_already(Track const& track, Place const& place)
{
    if (is_alive(track) || track.kind == ObjectKind::directory)
        return false;
    auto* there = TRY(stays_at(place));
    if (there == nullptr || there->versions.empty())
        return false;
    auto goal = wanted_state(track, history_.actor()).goal;
    auto const& first = there->versions.front();
    return goal && first.occasion == event::Occasion::undo && first.digest == goal->digest
        && first.kind() == goal->kind();
}

// Where the claim can have its name: there, or beside what others have put there.
Result<Place> Planner::make_room(Claim const& claim, Place place)
{
    auto object = TRY(world_.occupant(place));
    if (!object)
        return place;
    auto* occupant = TRY(stays_at(place));
    if (occupant == nullptr) {
        auto* passing = TRY(history_.track(object));
        TRY(park(*passing, place));
        return place;
    }
    if (occupant == claim.track)
        return place;
    beside_.insert(claim.track);
    auto wanted = wanted_state(*claim.track, history_.actor());
    auto& standing = standing_[claim.track];
    standing.push_back({{}, place, is_alive(*claim.track) ? Purpose::restored : Purpose::recreated});
    auto out = TRY(place_beside(place, wanted.goal, standing));
    TRY(note_at(out, "kept_both", "another has put something new at '" + place.name + "'"));
    return out;
}

Result<void> Planner::settle(Claim const& claim)
{
    auto& track = *claim.track;
    auto& link = track.links[claim.link];
    Place place{world_.standing_for(link.wanted->parent), link.wanted->name};
    if (link.real == place) {
        link.wanted = place;
        return {};
    }
    if (!is_alive(track) && track.kind == ObjectKind::directory) {
        auto* there = TRY(stays_at(place));
        if (there != nullptr && there->kind == ObjectKind::directory) {
            world_.stand_for(track.object, there->object);
            link.wanted.reset();
            return {};
        }
    }
    bool restored = TRY(is_restored_already(track, place));
    if (restored) {
        link.wanted.reset();
        return {};
    }
    place = TRY(make_room(claim, place));
    link.wanted = place;
    auto purpose = beside_.contains(&track) ? Purpose::kept_both : Purpose::renamed_back;
    if (link.real)
        return move(track, link, place, is_touched_.contains(&track) ? purpose : Purpose::passing);
    world_.put(track, link, place);
    link.added = true;
    list_directory(place.parent);
    if (is_alive(track) || track.kind != ObjectKind::directory)
        return {};
    return make_directory(track, place, purpose == Purpose::kept_both ? purpose : Purpose::recreated);
}

Result<void> Planner::make_directory(Track& track, Place const& place, Purpose purpose)
{
    list_directory(track.object);
    auto step = new_step(Phase::names, StepKind::make_directory, purpose, track);
    auto spot = TRY(world_.spot_now(place));
    step.places = {place};
    step.goal = wanted_state(track, history_.actor()).goal;
    if (!spot)
        return {};
    step.spot = *spot;
    if (!step.goal)
        note(absolute(plan_, *spot), "recreated", "no version of the directory is kept: its rights are new");
    add(std::move(step));
    return {};
}

Result<void> Planner::leave()
{
    std::vector<Step> steps;
    for (auto* track : touched_) {
        if (!track->created_by_actor || track->adopted || track->kind != ObjectKind::directory)
            continue;
        for (auto& link : track->links) {
            if (!link.real)
                continue;
            auto step = new_step(Phase::leave, StepKind::set_aside, Purpose::set_aside, *track);
            auto spot = TRY(world_.spot_now(*link.real));
            if (!spot)
                continue;
            step.spot = *spot;
            step.places = {*link.real};
            list_directory(step.places.front().parent);
            steps.push_back(std::move(step));
        }
    }
    sort_deepest_first(steps);
    for (auto& step : steps)
        add(std::move(step));
    for (auto object : world_.kept_directories()) {
        auto spot = TRY(world_.directory_now(object));
        if (spot)
            note(absolute(plan_, *spot), "kept", "the actor's directory stays: it holds work of others");
    }
    return {};
}

} // namespace tocsin::undo
