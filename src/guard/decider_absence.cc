// SPDX-License-Identifier: Apache-2.0
// The deciding thread: what changed while no guard ran, as a restart's walk finds it.
#include "tocsin/guard/decider.h"

#include <algorithm>

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Occasion;

namespace {

constexpr int rounds_at_most = 3; // of walks for what moved meanwhile

} // namespace

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

// A guard that ends before leaves a journal that says nothing about what it had not come by.
void Decider::note_known(event::RootId root)
{
    auto known = partly_known_.extract(root);
    if (!known)
        return;
    known.mapped().is_partly_known = false;
    record(std::move(known.mapped()));
}

// Whether the object is another than the journal knew.
bool Decider::note_absence(event::Version const& version)
{
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version)
        return is_restart_ && !is_made_since(version.metadata) && !partly_known_.contains(version.root);
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
        auto const places = catalog_.places_of(object);
        auto const told = deletions.size();
        for (auto const& place : places)
            if (objects_.stands_at(place, object) == ObjectFinder::Stands::no)
                deletions.push_back(deletion(object, entry->kind, root, place));
        // Without a name it has been deleted while the walk went on, unless another object has its name.
        if (places.empty() ? names_taken_.contains(object) : deletions.size() - told == places.size())
            absence_.deleted();
    }
    std::erase_if(names_taken_, [&](auto const& item) { return item.second.root == root; });
    tell_deleted(deletions);
}

// What moved to where a walk had been already is walked by itself, before anything of it is told gone. Whether
// there was any.
bool Decider::walk_missed(AbsentTree& absent, WalkEnd const& end)
{
    auto const tree = tree_of(end.root);
    if (!tree)
        return false;
    // What moves all the time is only marked and captured in the end.
    auto const reason = absent.rounds++ < rounds_at_most ? WalkReason::restart : WalkReason::arrived;
    std::vector<WalkRequest> requests;
    for (auto object : absence_.missing()) {
        auto const* entry = catalog_.find(object);
        if (entry == nullptr || entry->root != end.root)
            continue;
        for (auto const& place : catalog_.places_of(object)) {
            if (absence_.is_expected(place.parent)) // with its directory, or not at all
                continue;
            auto found = objects_.key_at(place);
            if (!found.ok())
                continue;
            if (auto key = found.take(); event::id_of(key) == object) {
                requests.push_back({reason, tree, std::move(key), entry->kind, place, catalog_.path_of(place),
                    {}, end.baseline});
                break;
            }
        }
    }
    for (auto& request : requests)
        if (parts_.walker.request(std::move(request)) && reason == WalkReason::restart)
            ++absent.walks;
    return absent.walks != 0;
}

bool Decider::is_walk_to_come(event::RootId root) const
{
    auto const absent = absent_from_.find(root);
    return absent != absent_from_.end() && absent->second.walks != 0;
}

// The one name that is known of the object, where it has left that without an event: while a restart's walks go on.
std::optional<event::Place> Decider::name_left(event::ObjectId object)
{
    if (!is_restart_)
        return {};
    auto places = catalog_.places_of(object);
    bool const is_left =
        places.size() == 1 && objects_.stands_at(places.front(), object) == ObjectFinder::Stands::no;
    return is_left ? std::optional(std::move(places.front())) : std::nullopt;
}

// While the trees are walked anew something may move that has not been come by: of its old name the kernel tells
// nothing where that is in a folder not marked yet, and it may be one that it got in the absence.
void Decider::complete_place(Activity& activity)
{
    if (!is_restart_ || activity.kind != ActivityKind::renamed)
        return;
    auto const* from = catalog_.link_at(activity.place);
    bool const is_known = from != nullptr && from->object->id == activity.object;
    auto const left = is_known ? std::nullopt : name_left(activity.object);
    if (!left || *left == activity.target)
        return;
    if (activity.place.parent) {
        auto of_absence = activity;
        of_absence.process = {};
        of_absence.displaced = {};
        of_absence.place = *left;
        of_absence.path = catalog_.path_of(*left);
        of_absence.target = activity.place;
        of_absence.target_path = activity.path;
        absence_.changed();
        catalog_.apply(of_absence, {});
        record(std::move(of_absence));
    } else {
        activity.place = *left;
        activity.path = catalog_.path_of(*left);
    }
}

// REQUIRES: the activity is the deletion of a directory. It was empty then: what is still known in it went before,
// while nobody looked there yet.
void Decider::delete_below(Activity const& directory)
{
    std::vector<event::ObjectId> open{directory.object};
    std::vector<Activity> deletions;
    for (std::size_t i = 0; i < open.size(); ++i) {
        catalog_.for_each_child(open[i], [&](catalog::Link const& link) {
            auto const& object = *link.object;
            deletions.push_back(
                deletion(object.id, object.kind, object.root, {open[i], std::string(link.name)}));
            deletions.back().process = directory.process;
            if (object.kind == ObjectKind::directory)
                open.push_back(object.id);
            return true;
        });
    }
    std::ranges::reverse(deletions); // what a folder holds before the folder
    tell_deleted(deletions);
}

bool Decider::is_missing_directory(event::ObjectId object)
{
    auto const places = catalog_.places_of(object);
    return absence_.is_expected(object) && std::ranges::all_of(places, [&](auto const& place) {
        return objects_.stands_at(place, object) == ObjectFinder::Stands::no;
    });
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
            if (names.root == root && objects_.stands_at(place, object) == ObjectFinder::Stands::no)
                deletions.push_back(deletion(object, names.kind, root, place));
    tell_deleted(deletions);
}

// Once all walks of the restart and their captures are done.
void Decider::close_absence()
{
    bool const is_walked =
        std::ranges::none_of(absent_from_, [&](auto const& item) { return is_walk_to_come(item.first); });
    if (!is_restart_ || !is_walked || parts_.walker.outstanding() != 0)
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

// After a restart, the first look at what an earlier guard had kept: its occasion becomes `absence` where it changed
// meanwhile, else `walk`. Who opens it before the walk comes by reads what the absence left.
bool Decider::compare_with_before(event::Version& version)
{
    bool const compares = is_restart_ && absent_from_.contains(version.root)
        && (version.occasion == Occasion::absence || version.occasion == Occasion::open)
        && compared_.insert(version.object).second;
    if (compares)
        version.occasion = note_absence(version) ? Occasion::absence : Occasion::walk;
    else if (version.occasion == Occasion::absence)
        version.occasion = Occasion::walk;
    return compares;
}

// After a restart: whether the object is new, was renamed, or got a further name while nobody guarded.
void Decider::compare_name_with_before(Found const& found, bool was_expected, event::Activity& activity)
{
    auto const* before = catalog_.find(found.object);
    bool const may_have_further = activity.object_kind != ObjectKind::directory && found.metadata.links > 1;
    auto places = catalog_.places_of(found.object);
    bool const is_taken_over = places.empty() && names_taken_.contains(found.object);
    if (auto taken = is_taken_over && !may_have_further ? take_taken_name(found.object) : std::nullopt)
        places.push_back(std::move(*taken));
    bool const had_names = !places.empty() || is_taken_over;
    if (was_expected && had_names) {
        activity.kind = may_have_further ? ActivityKind::linked : ActivityKind::renamed;
        activity.target = found.place;
        activity.target_path = found.path;
        if (activity.kind == ActivityKind::renamed) {
            activity.place = places.front();
            activity.path = catalog_.path_of(activity.place);
        }
        absence_.changed();
    } else if (had_names) { // found under another name a moment ago
        activity.kind = may_have_further ? ActivityKind::linked : ActivityKind::seen;
    } else if (was_expected || (before != nullptr && before->is_gone) || is_made_since(found.metadata)
        || partly_known_.contains(activity.root)) {
        // Moved here, or made, since the guard began and before this was marked; or it had not been come by.
        activity.kind = ActivityKind::seen;
    } else {
        activity.kind = ActivityKind::created;
        absence_.created();
    }
}

} // namespace tocsin::guard
