// SPDX-License-Identifier: Apache-2.0
// journal/schema.h -- the journal's tables, and how an older file gets them.
//
// The schema version is the number of steps that were applied (SQLite's user_version); a step
// is never changed once released, only followed by another.
// Errors: `unsupported` for a newer file (and for an older one that may only be read),
// `corrupt` for a database that is no journal. On error nothing was changed.
// Format: docs/formats/journal.md
#pragma once

#include <span>

#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// Stands at byte 68 of the file, so that file(1) and we know a journal: "TOCJ".
constexpr std::int64_t application_id = 0x544f434a;

using Step = char const*; // SQL

std::span<Step const> schema_steps();

// Makes the tables of an empty file, and brings an older one up to the last of `steps`.
Result<void> ensure_schema(Database& database, std::span<Step const> steps);

// REQUIRES nothing of the file: says why it cannot be read with `steps`, or nothing.
Result<void> check_schema(Database& database, std::span<Step const> steps);

} // namespace tocsin::journal
