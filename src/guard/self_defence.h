// SPDX-License-Identifier: Apache-2.0
// guard/self_defence.h -- the kernel keeps the guard, and what it keeps, from everybody but process 1 of the host.
//
// Guarded are the guard's own processes, its state directory and its repository; of the latter not `locks`, since
// who reads it with restic writes a lock there. Who is refused is told once in ten minutes for each program, user and
// deed, as an incident that names it and does no more.
// Without a supervisor nothing is guarded: somebody has to end a guard that hangs, and a debugger may trace it.
// Threads: look() in one; what_holds() from any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/answers/state.h"
#include "tocsin/answers/status.h"
#include "tocsin/guard/seldom.h"
#include "tocsin/sensor/self_gate.h"

namespace tocsin::guard {

class SelfDefence {
public:
    // Of whom a person should know, and in which words. From look()'s thread.
    using Report = std::function<void(sensor::RefusedDeed, std::string sentence)>;
    SelfDefence(
        Result<std::unique_ptr<sensor::SelfGate>> gate, answers::StatePaths const& state, Report report);

    // Now and then: tells who was refused. `supervisor` is the one that runs now; none: it is missing.
    void look(event::ProcessKey supervisor);
    answers::InvariantStatus what_holds() const;

private:
    Result<void> guard_own(answers::StatePaths const& state);
    Result<void> guard_directory(std::string const& path);
    void tell(sensor::RefusedDeed&& deed);

    std::unique_ptr<sensor::SelfGate> gate_; // null: there is none
    std::string why_none_;
    Report report_;
    Seldom told_;
    std::vector<UniqueFd> directories_; // the marks stay for as long as these are open
    event::ProcessKey supervisor_; // look()'s thread
};

} // namespace tocsin::guard
