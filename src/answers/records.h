// SPDX-License-Identifier: Apache-2.0
// answers/records.h -- what the journal knows of incidents and versions, as the contract's JSON.
//
// Used by the guard while it runs and by the command line while none does, so that both say the
// same. Borrow the journal; to be called by its owner's thread.
// Errors: `not_found` for an incident or a path that the journal does not know.
// Bounds: an incident shows its first 100,000 activities, and how many there were.
#pragma once

#include <string>

#include "tocsin/base/json.h"
#include "tocsin/journal/journal.h"

namespace tocsin::answers {

inline constexpr std::size_t max_activities_shown = 100'000;

Result<json::value> incidents_json(journal::Journal& journal);
Result<json::value> incident_json(journal::Journal& journal, event::IncidentId id);

// Of all that have or had this path.
Result<json::value> versions_json(journal::Journal& journal, std::string const& path);

} // namespace tocsin::answers
