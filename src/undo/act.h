// SPDX-License-Identifier: Apache-2.0
// undo/act.h -- carries a plan out on the real trees, verifies the result, records it.
//
// Each file is atomic: at every moment its name leads to the whole old content or to the whole
// new one, also after a power cut (contents are synced in batches before they get their names).
// A run that was killed is resumed by running it again: every step first looks whether its goal
// is already there. What others do meanwhile wins: nothing of theirs is replaced.
//
// Threads: carry_out() works in the calling thread and in `threads` workers, which are gone when
// it returns. The journal and the progress callback are used from the calling thread only.
// Errors: a step that fails is counted and named, and the others go on. carry_out() itself
// fails when no tree or no quarantine can be opened, when the journal refuses, or with `again`
// when `keep_going` ended it.
#pragma once

#include <chrono>
#include <functional>

#include "tocsin/undo/content_source.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {

struct Progress {
    std::uint64_t done = 0; // steps
    std::uint64_t total = 0;
    std::uint64_t bytes = 0; // of content written
};

struct Options {
    std::string state_dir; // holds the quarantine; outside of every protected tree
    std::optional<std::string> to_dir; // write the states before below it, and touch nothing else
    unsigned threads = 4; // for contents and verification
    std::function<void(Progress const&)> progress; // may be empty
    std::chrono::milliseconds tell_every{100}; // the journal and the caller, while workers work
    // Each version that was put back, as it is told to the journal: at once, from several threads. May be
    // empty.
    std::function<void(event::Version const&)> restored;
    // Asked between the smallest units of work, from several threads; false ends the run as if
    // it had been killed there. May be empty.
    std::function<bool()> keep_going;
};

// `record`: the journal to tell; may be null.
Result<Report> carry_out(
    Plan const& plan, ContentSource& source, Options const& options, journal::Journal* record);

// What carry_out() would report if nothing failed: a dry run.
Report foretell(Plan const& plan);

// The plan that writes the states before below a directory: `DIR/<name of the tree>/<path>`.
Plan elsewhere(Plan const& plan, std::string const& to_dir);

} // namespace tocsin::undo
