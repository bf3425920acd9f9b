// SPDX-License-Identifier: Apache-2.0
// simulator/crew.h -- spreads the files over threads or processes.
//
// Threads: a process that forks has no others. Every process is bounded by the budget's alarm.
#pragma once

#include <string>
#include <vector>

#include "simulator/options.h"

namespace tocsin::simulator {

// What an attack works with and on.
struct Attack {
    Sandbox const& sandbox;
    Budget& budget;
    Options const& options;
    std::vector<std::string> victims; // in the order of work
};

// How many files of this process were changed, and how many it could not change (a guard denied it, say).
// Ends before its time where the budget is used up.
struct Tally {
    std::uint64_t changed = 0;
    std::uint64_t failed = 0;
    std::string first_failure;
};

Result<Tally> work(Attack const& attack);

// One file: new name before or after, the change, the note. `full` ends the whole attack.
Result<void> attack_file(Worker& worker, Names const& names, std::string const& path);

} // namespace tocsin::simulator
