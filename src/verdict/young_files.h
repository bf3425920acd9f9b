// SPDX-License-Identifier: Apache-2.0
// verdict/young_files.h -- how many files of a tree were made within the hour and still stand.
//
// What is allowed by its share of a tree is a share of what was there: who may delete a tenth does not make more of it
// by empty files. What is saved under the name of an old file
// stands for that one, and counts as old.
//
// Threads: the verdict's. Bounds: 60 counts a tree.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "tocsin/base/clock.h"
#include "tocsin/catalog/catalog.h"
#include "tocsin/event/activity.h"

namespace tocsin::verdict {

class YoungFiles {
public:
    // Every activity, before the catalog applies it.
    void note(catalog::Catalog const& before, event::Activity const& activity);
    void made(event::RootId root, WallTime now);
    std::uint64_t count(event::RootId root, WallTime now) const;

private:
    struct Minute {
        std::int64_t number = 0; // since 1970
        std::uint64_t files = 0; // made in it
    };
    using Hour = std::array<Minute, 60>; // by the minute's number

    // It counts no more. No where it was not young.
    bool discount(catalog::Entry const* entry, WallTime now);

    std::unordered_map<event::RootId, Hour> trees_;
};

} // namespace tocsin::verdict
