// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/translator.h"

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using sensor::Change;
using sensor::WitnessEvent;
using Emit = std::function<void(Activity&&)>;

namespace {

constexpr std::size_t most_outside = 16'384;

// What a name can be told of an object that the catalog has not: the event's own flag.
event::ObjectKind kind_in(catalog::Catalog const& catalog, event::ObjectId id, WitnessEvent const& event)
{
    if (auto const* entry = catalog.find(id))
        return entry->kind;
    return event.is_directory ? event::ObjectKind::directory : event::ObjectKind::regular;
}

} // namespace

Translator::Translator(catalog::Catalog const& catalog, ObjectFinder const& objects)
    : catalog_(catalog), objects_(objects)
{
}

void Translator::translate(
    WitnessEvent const& event, event::ProcessKey process, WallTime time, Emit const& emit)
{
    auto activity = begin(event, process, time);
    if (event.has(Change::renamed)) {
        renamed(event, std::move(activity), emit);
        return;
    }
    if (event.has(Change::created) || event.has(Change::deleted))
        named(event, activity, emit);
    if (event.has(Change::attributes) || event.has(Change::modified))
        altered(event, std::move(activity), emit);
}

Activity Translator::begin(WitnessEvent const& event, event::ProcessKey process, WallTime time) const
{
    Activity out;
    out.time = time;
    out.process = process;
    out.object = event::id_of(event.object);
    out.key = event.object;
    out.object_kind = kind_in(catalog_, out.object, event);
    if (auto const* entry = catalog_.find(out.object))
        out.root = entry->root;
    return out;
}

// One that has left the trees keeps its marks, and is none of ours any more. It may be back, with the folder
// that it left in, and only not be found again yet.
catalog::Entry const* Translator::directory_of(event::ObjectKey const& key)
{
    auto const* entry = catalog_.find(event::id_of(key));
    if (entry == nullptr || !entry->is_gone)
        return entry;
    if (outside_.contains(entry->id))
        return nullptr;
    if (!objects_.path_of_directory(key).empty())
        return entry;
    if (outside_.size() >= most_outside)
        outside_.clear();
    outside_.insert(entry->id);
    return nullptr;
}

std::string Translator::path_of(event::Place const& place, event::ObjectKey const& directory) const
{
    auto known = catalog_.path_of(place);
    if (!known.empty())
        return known;
    auto const above = objects_.path_of_directory(directory);
    return above.empty() ? above : above + "/" + place.name;
}

void Translator::renamed(WitnessEvent const& event, Activity activity, Emit const& emit)
{
    activity.kind = ActivityKind::renamed;
    auto const* from = directory_of(event.directory);
    auto const* to = directory_of(event.new_directory);
    if (from == nullptr && to == nullptr)
        return;
    if (from == nullptr && event.is_directory)
        outside_.clear(); // what is below it came along
    if (from != nullptr) {
        activity.place = {from->id, event.name};
        activity.path = path_of(activity.place, event.directory);
        activity.root = from->root;
    }
    if (to != nullptr) {
        activity.target = {to->id, event.new_name};
        activity.target_path = path_of(activity.target, event.new_directory);
        activity.root = to->root;
        auto there = catalog_.child(to->id, event.new_name);
        // Of an exchange both halves arrive as renames: what was at the target has the other name now.
        if (there && there != activity.object && objects_.at(event.directory, event.name) != there)
            activity.displaced = there;
    }
    emit(std::move(activity));
}

void Translator::named(WitnessEvent const& event, Activity activity, Emit const& emit)
{
    auto const* directory = directory_of(event.directory);
    if (directory == nullptr || event.name.empty())
        return;
    activity.root = directory->root;
    activity.place = {directory->id, event.name};
    activity.path = path_of(activity.place, event.directory);
    bool there = catalog_.child(directory->id, event.name) == activity.object;
    if (event.has(Change::created) && !there) {
        activity.kind =
            catalog_.find(activity.object) != nullptr ? ActivityKind::linked : ActivityKind::created;
        emit(Activity(activity));
    }
    if (!event.has(Change::deleted))
        return;
    // Created and deleted in one event: the name may have been given again after it was taken.
    if (event.has(Change::created) && objects_.at(event.directory, event.name) == activity.object)
        return;
    activity.kind = ActivityKind::deleted;
    emit(std::move(activity));
}

void Translator::altered(WitnessEvent const& event, Activity activity, Emit const& emit) const
{
    auto const* entry = catalog_.find(activity.object);
    if (entry == nullptr)
        return;
    activity.path = catalog_.path_of(activity.object);
    if (event.has(Change::attributes) && entry->has_version) {
        activity.kind = ActivityKind::attributes;
        emit(Activity(activity));
    }
    if (event.has(Change::modified) && entry->kind == event::ObjectKind::regular) {
        activity.kind = ActivityKind::changed;
        emit(std::move(activity));
    }
}

} // namespace tocsin::guard
