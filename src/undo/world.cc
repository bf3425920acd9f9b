// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/world.h"

#include <algorithm>

namespace tocsin::undo {

using event::ObjectId;
using event::Place;

namespace {

Spot below(Spot const& directory, std::string const& name)
{
    return {directory.root, directory.path.empty() ? name : directory.path + "/" + name};
}

std::optional<Spot> tree_spot(History const& history, ObjectId object)
{
    for (auto const& tree : history.trees())
        if (tree.object == object)
            return Spot{tree.root, ""};
    return {};
}

} // namespace

Result<ObjectId> World::occupant(Place const& place)
{
    auto at = changed_.find(place);
    if (at != changed_.end())
        return at->second;
    auto object = TRY(history_.journal().object_at(place));
    return object.value_or(ObjectId{});
}

void World::put(Track& track, Link& link, Place const& place)
{
    take(link);
    link.real = place;
    link.last_real = place;
    changed_[place] = track.object;
    if (track.kind == event::ObjectKind::directory)
        now_.clear();
}

void World::take(Link& link)
{
    if (link.real)
        changed_[*link.real] = {};
    link.real.reset();
}

ObjectId World::standing_for(ObjectId directory) const
{
    for (auto at = stands_for_.find(directory); at != stands_for_.end(); at = stands_for_.find(directory))
        directory = at->second;
    return directory;
}

Result<std::optional<Spot>> World::directory_now(ObjectId directory)
{
    directory = standing_for(directory);
    if (history_.is_tree(directory))
        return tree_spot(history_, directory);
    auto known = now_.find(directory);
    if (known != now_.end())
        return known->second;
    now_[directory] = std::nullopt; // also ends a walk in a circle
    auto* track = TRY(history_.track(directory));
    auto const* link = track->first_real();
    if (link == nullptr)
        return std::optional<Spot>{};
    auto out = TRY(spot_now(*link->real));
    now_[directory] = out;
    return out;
}

Result<std::optional<Spot>> World::spot_now(Place const& place)
{
    auto directory = TRY(directory_now(place.parent));
    if (!directory)
        return std::optional<Spot>{};
    return std::optional<Spot>(below(*directory, place.name));
}

Result<std::optional<Spot>> World::spot_wanted(Place const& place)
{
    if (history_.is_tree(place.parent)) {
        auto tree = tree_spot(history_, place.parent);
        return std::optional<Spot>(below(*tree, place.name));
    }
    auto* track = TRY(history_.track(place.parent));
    auto const* link = track->first_wanted();
    if (link == nullptr)
        return std::optional<Spot>{};
    auto directory = TRY(spot_wanted(*link->wanted));
    if (!directory)
        return std::optional<Spot>{};
    return std::optional<Spot>(below(*directory, place.name));
}

// The wanted name of a directory that has to be there; revived where it has none.
Link* World::wanted_link(Track& directory)
{
    for (auto& link : directory.links)
        if (link.wanted)
            return &link;
    for (auto& link : directory.links) {
        if (!link.real)
            continue;
        link.wanted = link.real;
        if (directory.created_by_actor) {
            directory.adopted = true;
            kept_.push_back(directory.object);
        }
        return &link;
    }
    for (auto& link : directory.links) {
        link.wanted = link.last_wanted ? *link.last_wanted : link.last_real;
        directory.adopted = directory.created_by_actor;
        return &link;
    }
    return nullptr;
}

// Others moved one directory into another that the actor had moved into the first: then the
// actor's rename stands, for there is no tree in which both are undone.
void World::break_cycle(Track& track)
{
    for (auto& link : track.links)
        if (link.wanted && link.real && link.wanted != link.real) {
            link.wanted = link.real;
            kept_.push_back(track.object);
        }
}

Result<std::optional<std::size_t>> World::depth_wanted(Place const& place)
{
    auto parent = place.parent;
    if (history_.is_tree(parent))
        return std::optional<std::size_t>(1);
    auto known = depths_.find(parent);
    if (known != depths_.end())
        return std::optional(known->second + 1);
    if (!parent)
        return std::optional<std::size_t>{};
    auto* track = TRY(history_.track(parent));
    if (!visiting_.insert(parent).second) {
        break_cycle(*track);
        return std::optional<std::size_t>{};
    }
    std::optional<std::size_t> out;
    for (int attempt = 0; attempt < 2 && !out; ++attempt) {
        auto* link = wanted_link(*track);
        if (link == nullptr)
            break;
        auto wanted = *link->wanted;
        out = TRY(depth_wanted(wanted));
    }
    visiting_.erase(parent);
    if (!out)
        return out;
    depths_[parent] = *out;
    return std::optional(*out + 1);
}

} // namespace tocsin::undo
