// SPDX-License-Identifier: Apache-2.0
// undo/made_early.h -- what a young destroyer made before it harmed anything.
//
// A convicted program that was started at most 10 minutes before its first damage made its archives and its
// copies for that: they are set aside. What it did to the objects of others in that time stays: an honest
// save looks the same. So does what was made by one that has long been there, by a server's child (which runs
// its parent's program by its parent's command), and before a person released one of its processes.
#pragma once

#include <unordered_set>

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

// Objects at names that were free until then. Errors: the journal's.
Result<std::unordered_set<event::ObjectId>> made_early(
    journal::Journal& journal, event::Incident const& incident);

} // namespace tocsin::undo
