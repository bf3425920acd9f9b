// SPDX-License-Identifier: Apache-2.0
// cli/guard/launch.h -- turns this process into a guard, or starts one in the background.
//
// Errors: `not_found` when the guard's program is not installed; `failed` with the guard's own
// last words when it ends before it answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::cli {

struct GuardOptions {
    std::string state_dir;
    std::string respond;
    std::vector<std::string> excludes;
    std::string repository; // empty: below the state directory
    std::optional<std::uint64_t> reserve_bytes;
    std::vector<std::string> paths;
    std::vector<std::string> never_cut;
    std::vector<std::string> isolation_allow;
    bool starts_again = false; // after any end that is not in order
};

// The command line of the guard's program, without its own name.
std::vector<std::string> guard_arguments(GuardOptions const& options);

// The last line a guard wrote to its log after byte `from`, without time and name; empty for none.
std::string last_words(std::string const& log_path, std::uint64_t from);

// Beside this program, or /usr/libexec/tocsin/.
Result<std::string> find_guard_program();

// execv(2): this process's number becomes the guard's. Comes back only with an error.
Error become_guard(std::string const& program, GuardOptions const& options);

// Starts it in a session of its own, its words going to `guard.log` in the state directory, and
// waits until it answers on its socket or `limit` has passed. Makes the state directory.
Result<void> start_guard(
    std::string const& program, GuardOptions const& options, std::chrono::milliseconds limit);

} // namespace tocsin::cli
