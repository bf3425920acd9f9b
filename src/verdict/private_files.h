// SPDX-License-Identifier: Apache-2.0
// verdict/private_files.h -- files that nobody but their owner may read, nor could within the day.
//
// What a program keeps for itself alone is so from the beginning. Who closes others' files to be free to take them away
// waits a day, or is told.
//
// Threads: the verdict's. Bounds: 65,536 files that were closed to others; with one more, none is private for a day
// but those of which it is known. What was closed before a restart of the guard is not known.
#pragma once

#include <unordered_map>

#include "tocsin/base/clock.h"
#include "tocsin/catalog/catalog.h"
#include "tocsin/event/activity.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

class PrivateFiles {
public:
    void note(
        catalog::Catalog const& before, event::Activity const& activity); // each, before the catalog has it
    // Of a user other than root, who is the one that works.
    bool is_of(catalog::Entry const& file, Node const& worker, WallTime now) const;

private:
    std::unordered_map<event::ObjectId, WallTime> closed_; // to others, who could read it
    WallTime full_{}; // when more were closed than are remembered
};

} // namespace tocsin::verdict
