// SPDX-License-Identifier: Apache-2.0
// guard/parts.h -- all parts of a running guard, in the order in which they need each other.
//
// Members are made from top to bottom and go from bottom to top; whoever borrows stands below
// what it borrows. Inside the module only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "tocsin/answers/state.h"
#include "tocsin/answers/status.h"
#include "tocsin/guard/control.h"
#include "tocsin/guard/decider.h"
#include "tocsin/guard/denial.h"
#include "tocsin/guard/device_watch.h"
#include "tocsin/guard/exposure_watch.h"
#include "tocsin/guard/guard.h"
#include "tocsin/guard/health.h"
#include "tocsin/guard/host_isolation.h"
#include "tocsin/guard/protection.h"
#include "tocsin/guard/self_defence.h"
#include "tocsin/guard/self_findings.h"
#include "tocsin/guard/self_watch.h"
#include "tocsin/vault/tree.h"

namespace tocsin::guard {

struct Guard::Parts {
    struct Given {
        answers::StatePaths state;
        UniqueFd lock;
        std::unique_ptr<supervise::SupervisorProcess> supervisor; // null: none
        std::unique_ptr<sensor::Gate> gate;
        std::unique_ptr<sensor::Witness> witness;
        std::unique_ptr<sensor::LineageSource> lineage;
        Result<std::unique_ptr<sensor::DeviceGate>> device_gate;
        Result<std::unique_ptr<sensor::SentBytes>> sent_bytes;
        Denial::Gates denial;
        Result<std::unique_ptr<sensor::SelfGate>> self_gate;
        std::unique_ptr<journal::Journal> journal;
        std::unique_ptr<vault::Repository> repository;
        Options options;
    };
    static Result<std::unique_ptr<Parts>> create(Given given);
    Parts(Given given, std::unique_ptr<Inbox> inbox, std::unique_ptr<Responder> responder,
        Recording recording, std::unique_ptr<journal::Journal> protection_reader,
        std::vector<respond::Allowed> always_allowed);
    ~Parts();

    // What the journal knows of trees, processes and incidents from before.
    Result<void> recall();
    // Starts the threads, and walks the recalled trees.
    Result<void> begin();
    // How the guard ended in whose place this one was started. After begin().
    void record_death(std::string const& how);
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
    supervise::ServiceManager const service_manager;
    std::unique_ptr<supervise::SupervisorProcess> supervisor;
    std::unique_ptr<sensor::Gate> gate;
    std::unique_ptr<sensor::Witness> witness;
    std::unique_ptr<sensor::LineageSource> lineage;
    std::unique_ptr<journal::Journal> reading; // for control requests, under `reading_mutex`
    std::mutex reading_mutex;
    std::unique_ptr<vault::Repository> repository;
    Trees trees;
    Denial denial;
    std::unique_ptr<Inbox> inbox;
    std::unique_ptr<Responder> responder;
    Recorder recorder;
    OpenLog opens;
    capture::Pool pool;
    sensor::DeadlineWatch deadlines;
    Keeper keeper;
    Walker walker;
    Executables executables;
    Decider decider;
    Health health;
    DeviceWatch devices;
    SelfDefence defence;
    Protection protection;
    HostIsolation isolation;
    ExposureWatch exposure;

private:
    void serve_gate();
    void decide();
    void keep_house(); // the lock, the disk's room, checkpoints, changes of state
    void end_in_order();
    Result<json::value> answer_protect(answers::Request const& request);
    Result<json::value> answer_actor(answers::Request const& request);
    Result<void> refuse_to_stop_nobody(event::IncidentId id);
    Result<json::value> answer_device_writes(answers::Request const& request);
    void log_start() const;
    // For the journal and the log: what a person has asked of the guard as a whole, or what became of it.
    void note(std::string sentence); // any thread
    void note_refusal(
        event::ProcessKey key, std::uint32_t uid, std::string command, std::string sentence); // any thread
    void tell_put_back(event::Version const& version); // any thread
    std::optional<std::uint64_t> deeds_before(answers::Request const& request);
    // `deeds`: of the incident, when the undo was planned; none: not known.
    Result<void> after_undo(
        answers::Request const& request, json::value& report, std::optional<std::uint64_t> deeds);
    std::vector<answers::InvariantStatus> what_holds() const;
    std::string status_word() const;
    sensor::Heartbeat heartbeat_of(supervise::Organ organ);
    answers::InvariantStatus never_harms() const;
    std::vector<vault::Node> device_headers(); // for a checkpoint
    void tell_manager(std::string const& word);
    void watch_disk();
    void watch_growth();

    std::mutex growth_mutex_;
    journal::Journal::Growth growth_; // as of the last look: it goes through all versions
    UniqueFd stop_; // an eventfd
    std::string manager_knows_; // the last status that it was told; run()'s thread
    std::atomic<bool> stopping_{false};
    std::atomic<bool> can_decide_{true};
    std::jthread gate_thread_;
    std::jthread decider_thread_;
    SelfFindings self_findings_;
    std::unique_ptr<SelfWatch> self_watch_; // null: no supervisor, or not begun
    std::unique_ptr<Control> control_;
};

} // namespace tocsin::guard
