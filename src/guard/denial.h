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
#include "tocsin/sensor/truncation_gate.h"

namespace tocsin::guard {

class Denial {
public:
    struct Gates {
        Result<std::unique_ptr<sensor::CondemnedGate>> condemned;
        Result<std::unique_ptr<sensor::TruncationGate>> truncation;
    };
    Denial(Gates gates, Trees const& trees);

    // The trees have changed.
    void refresh();
    // Of an actor: they change nothing in the trees any more, nor does what they make from now on.
    void condemn(std::span<event::ProcessKey const> processes);
    void pardon(std::span<event::ProcessKey const> processes);
    // They have ended; what they made is condemned on.
    void ended(std::span<event::ProcessKey const> processes);

    // What an object was is kept, or is never: from then on it may be truncated by path. Before it is let go.
    void kept(event::ObjectKey const& object, event::Stamp const& stamp) const;
    void left_out(event::ObjectKey const& object) const;
    // While nothing can be kept, no truncation is refused.
    void set_keeping(bool on);
    // How many truncations were refused so far: who tries again waits for a capture.
    std::uint64_t truncations_refused() const;

    std::vector<answers::InvariantStatus> what_holds() const;

private:
    Result<void> mark(Tree const& tree);
    void unmark(Tree const& tree);
    Result<UniqueFd> find(event::ObjectKey const& object) const;
    answers::InvariantStatus condemned_change_nothing() const;
    answers::InvariantStatus truncation_waits() const;

    std::unique_ptr<sensor::CondemnedGate> condemned_; // null: there is none
    std::string const why_none_;
    std::unique_ptr<sensor::TruncationGate> truncation_; // likewise
    std::string const why_no_truncation_;
    Trees const& trees_;
    std::atomic<std::uint64_t> not_condemned_{0}; // the table was full

    mutable std::mutex mutex_; // for what follows
    std::map<event::RootId, std::shared_ptr<Tree const>> marked_;
    std::string not_marked_; // which tree is not, and why; empty: none
};

} // namespace tocsin::guard
