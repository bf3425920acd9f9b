// SPDX-License-Identifier: Apache-2.0
// journal/open.h -- a journal's database, ready for use.
#pragma once

#include "tocsin/journal/journal.h"
#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// Errors: as Journal::open; `not_found` where there is nothing to read.
Result<Database> open_database(std::string const& path, Access access);

} // namespace tocsin::journal
