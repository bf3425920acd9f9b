// SPDX-License-Identifier: Apache-2.0
// cli/run.h -- the whole command: reads the command line, runs one verb, gives the exit status.
#pragma once

#include <string>
#include <vector>

#include "tocsin/cli/console.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_not_done = 1;
inline constexpr int exit_wrong_usage = 2;

// `arguments` without the program's name. Says why on `console` where the status is not 0.
int run(std::vector<std::string> const& arguments, Console& console);

// The same with somebody else to answer (tests).
int run_with(std::vector<std::string> const& arguments, Console& console, Common& common, Asker& asker);

} // namespace tocsin::cli
