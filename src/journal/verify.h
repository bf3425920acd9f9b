// SPDX-License-Identifier: Apache-2.0
// journal/verify.h -- recomputes the chain, and every index from the records.
//
// Bounds: memory does not grow with the journal; a scratch database in the temporary directory
// grows to the size of the indexes (about half the journal) and is gone afterwards.
// Errors: `corrupt` names the first link, record or table that does not fit.
#pragma once

#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// Reads one state of the journal throughout; others may append meanwhile.
Result<void> verify_journal(Database& database);

} // namespace tocsin::journal
