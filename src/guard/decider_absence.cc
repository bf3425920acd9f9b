// SPDX-License-Identifier: Apache-2.0
// The deciding thread: what changed while no guard ran, as a restart's walk finds it.
#include "tocsin/guard/decider.h"

#include <algorithm>

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;

// What tells, once the walk is over, which names went in the absence without their object.
void Decider::note_names(FoundObject const& message)
{
    auto const& found = message.found;
    auto const* there = catalog_.link_at(found.place);
    if (there != nullptr && there->object->id != found.object) {
        auto const& owner = *there->object;
        auto [at, is_new] =
            names_taken_.try_emplace(owner.id, owner.kind, owner.root, std::vector<event::Place>{});
        at->second.places.push_back(found.place);
    }
    bool const is_directory = event::kind_of_mode(found.metadata.mode) == ObjectKind::directory;
    if (!is_directory && (found.metadata.links > 1 || catalog_.places_of(found.object).size() > 1)) {
        auto& names = names_found_[found.object];
        names.key = found.key;
        names.places.insert(found.place);
    }
}

std::optional<event::Place> Decider::take_taken_name(event::ObjectId object)
{
    auto const taken = names_taken_.find(object);
    if (taken == names_taken_.end() || taken->second.places.empty())
        return {};
    auto out = std::move(taken->second.places.back());
    taken->second.places.pop_back();
    return out;
}

// False also where the file system keeps no time of birth.
bool Decider::is_made_since(event::Metadata const& metadata) const
{
    return metadata.btime_ns >= to_nanoseconds(absent_since_);
}

// Whether the object is another than the journal knew.
bool Decider::note_absence(event::Version const& version)
{
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version)
        return is_restart_ && !is_made_since(version.metadata);
    bool same = entry->digest == version.digest && entry->mode == version.metadata.mode
        && entry->uid == version.metadata.uid && entry->gid == version.metadata.gid
        && entry->xattr_hash == catalog::hash_of(version.metadata.xattrs)
        && entry->mtime_ns == version.metadata.mtime_ns;
    if (!same)
        absence_.changed();
    return !same;
}

Activity Decider::deletion(
    event::ObjectId object, ObjectKind kind, event::RootId root, event::Place const& place) const
{
    Activity out;
    out.time = wall_now();
    out.kind = ActivityKind::deleted;
    out.object = object;
    out.object_kind = kind;
    out.root = root;
    out.place = place;
    out.path = catalog_.path_of(place);
    return out;
}

void Decider::tell_deleted(std::span<Activity> deletions)
{
    for (auto& gone : deletions) {
        catalog_.apply(gone, {});
        record(std::move(gone));
    }
}

// What the journal knew of a tree and its walk did not find is gone, unless it was moved meanwhile to where the walk
// had been. All of it is looked at before any is told: with a folder the catalog forgets what was in it.
void Decider::delete_missing(event::RootId root)
{
    std::vector<Activity> deletions;
    for (auto object : absence_.take_missing()) {
        auto const* entry = catalog_.find(object);
        if (entry == nullptr)
            continue;
        if (entry->root != root) {
            absence_.expect(object); // of a tree whose walk has not ended
            continue;
        }
        bool stands = false;
        for (auto const& place : catalog_.places_of(object)) {
            if (auto key = objects_.key_at(place); key && event::id_of(*key) == object) {
                stands = true;
                look_at_again(*entry, std::move(*key), place);
            } else
                deletions.push_back(deletion(object, entry->kind, root, place));
        }
        if (!stands)
            absence_.deleted();
    }
    tell_deleted(deletions);
}

// The walk has not seen it.
void Decider::look_at_again(catalog::Entry const& entry, event::ObjectKey key, event::Place const& place)
{
    if (entry.kind != ObjectKind::directory) {
        capture_soon(entry.id, key, 0);
        return;
    }
    Activity found;
    found.kind = ActivityKind::created;
    found.object = entry.id;
    found.key = std::move(key);
    found.root = entry.root;
    found.place = place;
    found.path = catalog_.path_of(place);
    arrive(found);
}

bool Decider::is_missing_directory(event::ObjectId object)
{
    auto const places = catalog_.places_of(object);
    return absence_.is_expected(object)
        && std::ranges::none_of(places, [&](auto const& place) { return objects_.stands_at(place, object); });
}

// Names that are gone of objects that are there, or that had others as well.
void Decider::delete_missing_names(event::RootId root)
{
    std::vector<Activity> deletions;
    for (auto const& [object, names] : names_found_) {
        auto const* entry = catalog_.find(object);
        if (entry == nullptr || entry->root != root)
            continue;
        for (auto const& place : catalog_.places_of(object)) {
            if (names.places.contains(place))
                continue;
            if (is_missing_directory(place.parent) || !objects_.may_stand_at(place, names.key)) {
                deletions.push_back(deletion(object, entry->kind, root, place));
                absence_.changed();
            }
        }
    }
    for (auto const& [object, names] : names_taken_)
        for (auto const& place : names.places)
            if (names.root == root && !objects_.stands_at(place, object))
                deletions.push_back(deletion(object, names.kind, root, place));
    std::erase_if(names_taken_, [&](auto const& item) { return item.second.root == root; });
    tell_deleted(deletions);
}

// Once all walks of the restart and their captures are done.
void Decider::close_absence()
{
    if (!is_restart_ || walks_expected_ != 0 || parts_.walker.outstanding() != 0)
        return;
    if (!absence_.is_empty())
        record_absence();
    batch_.send();
    absence_ = {};
    compared_.clear();
    names_taken_.clear();
    names_found_.clear();
    absent_from_.clear();
    is_restart_ = false;
}

void Decider::record_absence()
{
    auto incident = absence_.incident();
    incident.opened = wall_now();
    incident.first_activity = absent_since_;
    incident.last_activity = incident.opened;
    incidents_.open(std::move(incident));
}

} // namespace tocsin::guard
