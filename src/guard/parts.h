// SPDX-License-Identifier: Apache-2.0
// guard/parts.h -- all parts of a running guard, in the order in which they need each other.
//
// Members are made from top to bottom and go from bottom to top; whoever borrows stands below
// what it borrows. Inside the module only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_set>

#include "tocsin/answers/state.h"
#include "tocsin/answers/status.h"
#include "tocsin/guard/control.h"
#include "tocsin/guard/decider.h"
#include "tocsin/guard/guard.h"
#include "tocsin/guard/health.h"
#include "tocsin/guard/self_watch.h"

namespace tocsin::guard {

struct Guard::Parts {
    struct Given {
        answers::StatePaths state;
        UniqueFd lock;
        std::unique_ptr<supervise::SupervisorProcess> supervisor; // null: none
        std::unique_ptr<sensor::Gate> gate;
        std::unique_ptr<sensor::Witness> witness;
        std::unique_ptr<sensor::LineageSource> lineage;
        std::unique_ptr<journal::Journal> journal;
        std::unique_ptr<vault::Repository> repository;
        Options options;
    };
    static Result<std::unique_ptr<Parts>> create(Given given);
    Parts(
        Given given, std::unique_ptr<Inbox> inbox, std::unique_ptr<Responder> responder, Recording recording);
    ~Parts();

    // What the journal knows of trees that were protected when the guard last ran.
    Result<void> recall();
    bool has_trees() const; // recalled or protected. Before begin(), or under `protect_mutex_`
    // Where this tree is recalled: with these globs from now on. Before begin().
    void leave_out(Tree const& tree, std::vector<std::string> const& excludes);
    // Starts the threads, and walks the recalled trees.
    Result<void> begin();
    // `again`: the guard ends, or is busy; `exists`: it is guarded otherwise; `not_found`, `invalid` and others:
    // the path can't be guarded. Nothing is changed then.
    Result<void> protect(std::string const& path, std::vector<std::string> const& excludes);
    // The same; one that is recalled and not there yet is looked for, and the guard is blind meanwhile.
    Result<void> protect_at_start(std::string const& path, std::vector<std::string> const& excludes);
    // How the guard ended in whose place this one was started. After begin().
    void record_death(std::string const& how);
    void start_is_over() { --pending_walks_; } // all that the guard was started for are protected
    // All of them, or none: `not_found` where one is not guarded. True where nothing is left to guard:
    // then the guard ends.
    Result<bool> unprotect(std::span<std::string const> paths);
    void run(); // until stop(), or until nothing is left to guard
    void stop();

    // Answers one request of the command line. Any thread.
    Result<json::value> answer(answers::Request const& request, answers::ProgressSink const& progress);

    answers::Status status();
    // Until all that has happened so far is captured and in the journal; 5 s at most.
    void catch_up();
    Result<void> checkpoint();

    // Runs `ask` in the deciding thread and waits for it. `again` when that thread is busy for
    // long or has ended; `ask` may still run a moment later, so it must own what it uses.
    template <typename T>
    Result<T> in_decider(std::function<Result<T>(Decider&)> ask);

    Options const options;
    answers::StatePaths const state;
    UniqueFd lock;
    std::unique_ptr<supervise::SupervisorProcess> supervisor;
    std::unique_ptr<sensor::Gate> gate;
    std::unique_ptr<sensor::Witness> witness;
    std::unique_ptr<sensor::LineageSource> lineage;
    std::unique_ptr<journal::Journal> reading; // for control requests, under `reading_mutex`
    std::mutex reading_mutex;
    std::unique_ptr<vault::Repository> repository;
    Trees trees;
    std::unique_ptr<Inbox> inbox;
    std::unique_ptr<Responder> responder;
    Recorder recorder;
    OpenLog opens;
    capture::Pool pool;
    sensor::DeadlineWatch deadlines;
    Keeper keeper;
    Walker walker;
    Decider decider;
    Health health;

private:
    void serve_gate();
    void decide();
    void keep_house(); // the lock, the disk's room, checkpoints, changes of state
    void end_in_order();
    Result<json::value> answer_protect(answers::Request const& request);
    Result<json::value> answer_actor(answers::Request const& request);
    void tell_put_back(event::Version const& version); // any thread
    std::optional<std::uint64_t> deeds_before(answers::Request const& request);
    // `deeds`: of the incident, when the undo was planned; none: not known.
    Result<void> after_undo(
        answers::Request const& request, json::value& report, std::optional<std::uint64_t> deeds);
    std::vector<answers::InvariantStatus> what_holds() const;
    std::string status_word() const;
    sensor::Heartbeat heartbeat_of(supervise::Organ organ);
    answers::InvariantStatus never_harms() const;
    void watch_disk();
    void watch_growth();

    bool holds(event::Version const& version) const; // all of its content, for certain
    Result<void> recall_process(event::ProcessKey key);
    void begin_trees(); // those that are recalled
    // All that follow, until remember(): under `protect_mutex_`; look_for_trees() takes it itself.
    void begin_tree(event::RootChange const& root);
    void look_for_trees(); // whose directory was not there at the start
    bool is_awaited(event::RootChange const& root) const;
    Result<void> protect_tree(std::string const& path, std::vector<std::string> const& excludes);
    static Result<void> refuse_another(
        Tree const& there, Tree const& wanted, std::vector<std::string> const& excludes);
    Result<std::optional<event::RootChange>> replaced_by(Tree const& tree, std::string const& path) const;
    Result<std::shared_ptr<Baseline const>> baseline_of(event::RootId root);
    Result<event::RootChange> protected_root(std::string const& path) const; // as it came under protection
    void let_go(event::RootChange const& root);
    void unmark(std::shared_ptr<Tree const> const& tree);
    void remember(event::RootChange const& change);
    static std::string cause_of(std::string const& tree_path); // in `health`

    std::mutex protect_mutex_; // since begin(): for what follows, until the blank line
    std::vector<event::RootChange> roots_; // as they are now, also those no longer protected
    std::unordered_set<event::RootId> recalled_; // the decider knows what the journal does
    std::unordered_set<event::ProcessKey> recalled_processes_;
    std::int64_t next_root_ = 1;
    bool is_over_ = false; // nothing is left to guard

    std::mutex growth_mutex_;
    journal::Journal::Growth growth_; // as of the last look: it goes through all versions
    UniqueFd stop_; // an eventfd
    std::atomic<bool> stopping_{false};
    std::atomic<int> pending_walks_{1}; // trees whose walk is not asked for yet; the start is one of them
    std::atomic<bool> can_decide_{true};
    std::jthread gate_thread_;
    std::jthread decider_thread_;
    std::unique_ptr<SelfWatch> self_watch_; // null: no supervisor, or not begun
    std::unique_ptr<Control> control_;
};

} // namespace tocsin::guard
