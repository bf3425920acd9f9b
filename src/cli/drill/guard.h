// SPDX-License-Identifier: Apache-2.0
// cli/drill/guard.h -- a guard of the drill's own, started, asked and ended.
//
// Owns the process: destruction ends it in order, or by force where that takes too long.
#pragma once

#include <string>

#include "tocsin/base/json.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/cli/drill/arena.h"
#include "tocsin/cli/drill/command.h"

namespace tocsin::cli {

// Who asks, in the guard's records.
inline constexpr std::string_view drill_user = "drill";

class DrillGuard {
public:
    // Returns once it guards the arena's tree. `failed` when it is blind or ends.
    static Result<DrillGuard> start(std::string const& program, Arena const& arena, Interrupts& interrupts);
    DrillGuard(DrillGuard&&) = default;
    ~DrillGuard();

    Result<json::value> ask(std::string_view verb, json::object args) const;

private:
    DrillGuard(Child child, std::string state) : child_(std::move(child)), state_(std::move(state)) { }
    Result<void> wait_until_guarding(std::string const& log, Interrupts& interrupts);

    Child child_;
    std::string state_;
};

} // namespace tocsin::cli
