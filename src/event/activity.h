// SPDX-License-Identifier: Apache-2.0
// event/activity.h -- one thing an actor did to an object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tocsin/base/clock.h"
#include "tocsin/event/metadata.h"
#include "tocsin/event/object.h"
#include "tocsin/event/process.h"

namespace tocsin::event {

// Never renumber: kept in journals.
enum class ActivityKind : std::uint8_t {
    seen = 1, // the walk found the object at a place; nobody did anything
    opened = 2, // for reading or writing: the kernel does not say which
    changed = 3, // content changed without a close yet (a write, or truncation by path)
    closed = 4, // closed after having been open for writing
    created = 5, // a new object got its first name
    linked = 6, // an object got a further name
    renamed = 7, // from `place` to `target`
    deleted = 8, // the name `place` is gone
    attributes = 9, // rights, owner, times or extended attributes changed
};
std::string_view name_of(ActivityKind kind);

struct Activity {
    ActivityId id; // set by the journal
    WallTime time; // when the guard read the kernel's event
    ActivityKind kind = ActivityKind::seen;
    ProcessKey process;
    ObjectId object;
    ObjectKey key; // empty where the journal knows the object already
    ObjectKind object_kind = ObjectKind::other;
    RootId root;
    Place place; // of created, linked, renamed (from), deleted, seen
    Place target; // of renamed (to). parent 0: moved out of the protected trees
    std::string path; // of `place`, or of the object where there is no place; absolute
    std::string target_path; // of `target`
    // An object that the rename displaced at `target`: it lost that name.
    ObjectId displaced;

    std::optional<Metadata> metadata; // seen, created, attributes: as found afterwards

    bool operator==(Activity const&) const = default;
};

// The name that its object lost by it, or got: a part of `activity`. Null: it took or gave none within the
// protected trees.
Place const* place_taken(Activity const& activity);
Place const* place_given(Activity const& activity);

} // namespace tocsin::event
