// SPDX-License-Identifier: Apache-2.0
// guard/denial.h -- what the kernel itself denies for this guard, where it runs LSM programs.
//
// The kernel denies by itself, so that nobody ever waits for this. Where it takes no such programs, all of
// it does nothing, and says why.
// Borrows the trees. Threads: all from any.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "tocsin/answers/status.h"
#include "tocsin/guard/trees.h"
#include "tocsin/sensor/condemned_gate.h"

namespace tocsin::guard {

class Denial {
public:
    Denial(Result<std::unique_ptr<sensor::CondemnedGate>> condemned, Trees const& trees);

    // The trees have changed.
    void refresh();
    // Of an actor: they change nothing in the trees any more, nor does what they make from now on.
    void condemn(std::span<event::ProcessKey const> processes);
    void pardon(std::span<event::ProcessKey const> processes);

    std::vector<answers::InvariantStatus> what_holds() const;

private:
    answers::InvariantStatus condemned_change_nothing() const;

    std::unique_ptr<sensor::CondemnedGate> condemned_; // null: there is none
    std::string const why_none_;
    Trees const& trees_;
    std::atomic<std::uint64_t> not_condemned_{0}; // the table was full

    mutable std::mutex mutex_; // for what follows
    std::map<event::RootId, std::shared_ptr<Tree const>> protected_;
    std::string not_protected_; // which tree is not, and why; empty: none
};

} // namespace tocsin::guard
