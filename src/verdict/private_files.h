// SPDX-License-Identifier: Apache-2.0
// verdict/private_files.h -- files that only their owner may read, and nobody else could within the last day.
//
// A program's own files are private from the start; whoever takes the rights from others first gains nothing for a day.
//
// Threads: the verdict's. Bounds: 65,536 files that were made private; after one more, every file that is not remembered
// counts as made private at that moment. What was so made before a restart of the guard is not known.
#pragma once

#include <unordered_map>

#include "tocsin/base/clock.h"
#include "tocsin/catalog/catalog.h"
#include "tocsin/event/activity.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

class PrivateFiles {
public:
    // Every activity, before the catalog applies it.
    void note(catalog::Catalog const& before, event::Activity const& activity);
    // Of a user other than root, who is the one that works.
    bool is_of(catalog::Entry const& file, Node const& worker, WallTime now) const;

private:
    std::unordered_map<event::ObjectId, WallTime> made_private_;
    WallTime overflowed_at_{};
};

} // namespace tocsin::verdict
