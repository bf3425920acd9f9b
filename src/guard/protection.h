// SPDX-License-Identifier: Apache-2.0
// guard/protection.h -- which trees are protected, were recalled from the journal, or are awaited.
//
// A tree comes under protection and leaves it at a person's word. One that was protected when the guard last
// ran is recalled, and goes on where the journal stopped; where its directory is not there, it is awaited:
// looked for until it is, and the guard is blind meanwhile.
// Owns a reader of the journal. Borrows the rest; the decider is told by Commands once it runs.
// Threads: any but the gate's and the decider's, for a call may wait for the journal, the inbox and another
// call; first recall() and leave_out(), then begin() once the decider runs, then the others.
// Bounds: remembers each tree that the journal does; of a process 64 ancestors are recalled.
// Errors: a tree that is refused leaves all as it was.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/answers/state.h"
#include "tocsin/guard/decider.h"
#include "tocsin/guard/denial.h"
#include "tocsin/guard/device_watch.h"
#include "tocsin/guard/health.h"
#include "tocsin/guard/recorder.h"
#include "tocsin/guard/trees.h"
#include "tocsin/guard/walker.h"
#include "tocsin/journal/journal.h"
#include "tocsin/vault/repository.h"

namespace tocsin::guard {

class Protection {
public:
    struct Parts {
        answers::StatePaths const& state;
        vault::Repository& repository;
        Trees& trees;
        Recorder& recorder;
        Inbox& inbox;
        Walker& walker;
        Decider& decider;
        DeviceWatch& devices;
        Denial& denial;
        Health& health;
    };
    Protection(Parts parts, std::unique_ptr<journal::Journal> reader);

    // What the journal knows of trees that were protected when the guard last ran.
    Result<void> recall();
    // Where this tree is recalled: with these globs from now on.
    void leave_out(Tree const& tree, std::vector<std::string> const& excludes);
    bool has_trees() const; // recalled or protected

    // Walks the recalled trees. One whose directory is not there yet is awaited.
    void begin();
    // `again`: the guard ends; `exists`: it is guarded otherwise; `not_found`, `invalid` and others: the path
    // can't be guarded.
    Result<void> protect(std::string const& path, std::vector<std::string> const& excludes);
    // The same, of what the guard was started for: that may be awaited.
    Result<void> protect_at_start(std::string const& path, std::vector<std::string> const& excludes);
    void start_is_over() { --pending_walks_; } // all that the guard was started for are protected
    void look_for_awaited();
    // All of them, or none: `not_found` where one is not guarded. True where nothing is left to guard: then
    // the guard has to end, and nothing is protected any more.
    Result<bool> unprotect(std::span<std::string const> paths);

    // Until the walks of all that is to be protected are asked for. Any thread, never waits.
    bool has_walks_to_ask_for() const { return pending_walks_ != 0; }

private:
    // All that follow: with `mutex_`.
    Result<void> recall_tree(event::RootId root);
    Result<void> recall_process(event::ProcessKey key);
    void begin_tree(event::RootChange const& root);
    bool is_awaited(event::RootChange const& root) const;
    Result<void> protect_tree(std::string const& path, std::vector<std::string> const& excludes);
    Result<std::optional<event::RootChange>> replaced_by(Tree const& tree, std::string const& path) const;
    Result<std::shared_ptr<Baseline const>> baseline_of(event::RootId root);
    void add(journal::CurrentObject const& object, Baseline& baseline) const; // where its content is kept
    bool holds(event::Version const& version) const; // all of its content, for certain
    void let_go(event::RootChange const& root);
    void remember(event::RootChange const& change);

    Parts const parts_;
    mutable std::mutex mutex_; // for what follows, until the blank line
    std::unique_ptr<journal::Journal> reader_;
    std::vector<event::RootChange> roots_; // as they are now, also those no longer protected
    std::unordered_set<event::RootId> recalled_; // the decider knows what the journal does
    std::unordered_set<event::ProcessKey> recalled_processes_; // until begin()
    // Until begin(): the journal is read once, for nothing is guarded meanwhile.
    std::unordered_map<event::RootId, std::shared_ptr<Baseline const>> baselines_;
    std::int64_t next_root_ = 1;
    bool is_over_ = false; // nothing is left to guard

    std::atomic<int> pending_walks_{1}; // trees whose walk is not asked for yet; the start is one of them
};

} // namespace tocsin::guard
