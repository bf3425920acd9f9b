// SPDX-License-Identifier: Apache-2.0
// journal/names.h -- which object has which name now, kept as activities give and take names.
//
// Within the caller's transaction; on error the caller rolls back.
#pragma once

#include "tocsin/event/activity.h"
#include "tocsin/event/version.h"
#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// Kinds that may give or take a name.
bool names_change(event::ActivityKind kind);

Result<void> apply_names(Database& database, event::Activity const& activity);

// What a record says about an object; what it leaves empty stays as it was known.
struct Knowledge {
    event::ObjectKey key;
    event::ObjectKind kind = event::ObjectKind::other;
    event::RootId root;
    event::VersionId version;
};
Result<void> know(Database& database, event::ObjectId object, Knowledge const& news);

} // namespace tocsin::journal
