// SPDX-License-Identifier: Apache-2.0
// cli/drill/scenario.h -- one destroyer against a fresh tree under a fresh guard, measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tocsin/cli/drill/arena.h"
#include "tocsin/cli/drill/guard.h"

namespace tocsin::cli {

struct ScenarioResult {
    std::string name;
    std::uint64_t files = 0;
    std::uint64_t touched = 0; // files that differed when the destroyer had been stopped
    std::optional<double> seconds_to_freeze; // from its first change; none: it was never frozen
    std::uint64_t files_lost = 0; // after the undo
    std::uint64_t bytes_lost = 0;
    std::uint64_t restored = 0; // by the undo: content, names and objects
    bool identical = false; // the whole tree, with rights, owners, times and attributes
    std::vector<Difference> differences;
};

// An error says that the scenario could not be run, not how it ended.
Result<ScenarioResult> run_scenario(
    Arena& arena, Destroyer const& destroyer, std::string const& guard_program, Interrupts& interrupts);

// Seconds from the incident's first change to its first freeze, hold, denial or kill, as the
// guard recorded them.
std::optional<double> seconds_to_freeze(json::value const& incident);

json::value to_json(std::vector<ScenarioResult> const& results);
bool passed(std::vector<ScenarioResult> const& results);

} // namespace tocsin::cli
