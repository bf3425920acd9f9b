// SPDX-License-Identifier: Apache-2.0
// guard/translator.h -- the witness's events as activities: who, what, under which name.
//
// Kernel events that waited together are merged, so one of them can mean several activities;
// they come out in the only order that makes sense (born, changed, gone). Where the order can't
// be told, the file system is asked.
// What an object looks like now is the caller's to ask.
// Threads: the deciding thread's. Bounds: at most five open_by_handle calls an event, and only for exchanges,
// merged events, and directories that have left the trees or are not found again yet; 16,384 ids of these.
#pragma once

#include <functional>
#include <unordered_set>

#include "tocsin/catalog/catalog.h"
#include "tocsin/event/activity.h"
#include "tocsin/guard/object_finder.h"
#include "tocsin/sensor/witness.h"

namespace tocsin::guard {

class Translator {
public:
    Translator(catalog::Catalog const& catalog, ObjectFinder const& objects);

    // Calls `emit` for each activity, which must have been applied to the catalog before the next
    // comes: later ones build on it. A directory that is not known yet gives nothing: its walk will.
    void translate(sensor::WitnessEvent const& event, event::ProcessKey process, WallTime time,
        std::function<void(event::Activity&&)> const& emit);

private:
    event::Activity begin(sensor::WitnessEvent const& event, event::ProcessKey process, WallTime time) const;
    catalog::Entry const* directory_of(event::ObjectKey const& key); // null: in no tree
    std::string path_of(event::Place const& place, event::ObjectKey const& directory) const;
    void renamed(sensor::WitnessEvent const& event, event::Activity activity,
        std::function<void(event::Activity&&)> const& emit);
    void named(sensor::WitnessEvent const& event, event::Activity activity,
        std::function<void(event::Activity&&)> const& emit);
    void altered(sensor::WitnessEvent const& event, event::Activity activity,
        std::function<void(event::Activity&&)> const& emit) const;

    catalog::Catalog const& catalog_;
    ObjectFinder const& objects_;
    std::unordered_set<event::ObjectId>
        outside_; // directories that have left; forgotten when one is told to come in
};

} // namespace tocsin::guard
