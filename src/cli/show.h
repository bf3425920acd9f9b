// SPDX-License-Identifier: Apache-2.0
// cli/show.h -- answers as people read them on a terminal. Pure: JSON in, text out.
//
// Text from outside (paths, commands, user names) is quoted: control characters show as \xNN.
#pragma once

#include <string>

#include "tocsin/base/json.h"

namespace tocsin::cli {

std::string show_status(json::value const& status);
std::string show_isolation(json::value const& outcome);
std::string show_incidents(json::value const& incidents);
std::string show_incident(json::value const& incident);
std::string show_undo(json::value const& outcome);
std::string show_dry_run(json::value const& outcome);
// What an undo or a restore has to say by name; the first `limit`, and how many more there are.
std::string show_notes(json::value const& outcome, std::size_t limit = 10'000);
std::string show_versions(json::value const& versions);
std::string show_restored(json::value const& outcome);
std::string show_check(json::value const& outcome);
std::string show_quarantine(json::value const& list);
std::string show_drill(json::value const& outcome);

} // namespace tocsin::cli
