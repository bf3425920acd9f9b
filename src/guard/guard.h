// SPDX-License-Identifier: Apache-2.0
// guard/guard.h -- one guard: its parts, how they are joined, started and ended.
//
// Read start() from top to bottom to see what there is. Everything the guard keeps lies in one
// state directory, which one guard at a time holds by a lock.
// Threads: run() in the caller's until stop(), which any may call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/answers/protocol.h"
#include "tocsin/answers/status.h"
#include "tocsin/respond/plan.h"
#include "tocsin/supervise/service_manager.h"
#include "tocsin/supervise/supervisor_process.h"

namespace tocsin::guard {

struct Options {
    std::string state_dir;
    std::vector<std::string> paths; // to protect, besides those protected before
    std::vector<std::string> excludes;
    std::string repository; // empty: in the state directory
    respond::Policy policy = respond::Policy::freeze;
    std::vector<std::string> never_cut; // addresses and ranges, as respond::NeverCut has them
    std::vector<std::string> isolation_allow; // whom an isolated host talks to, as respond::Allowed has them
    std::uint64_t reserve_bytes = 0; // of the repository's disk, to be left free
    std::string recording; // a file for all that the verdict is given; empty: none
    std::optional<supervise::SupervisorProcess::Options> supervisor; // none: nobody watches this guard
    bool is_defended = true; // root is kept from stopping it, where the kernel can
    supervise::ServiceManager::Environment service_manager; // which started this process
    std::string died; // how the guard ended in whose place this one was started; empty: none
};

class Guard {
public:
    // Everything is checked before anything is changed; the error is one sentence.
    static Result<std::unique_ptr<Guard>> start(Options const& options);
    ~Guard();

    // Until stop(), which may be called by a signal handler's thread. Ends in order: holds
    // nobody, captures what was closed, makes a checkpoint.
    void run();
    void stop();

private:
    struct Parts;
    explicit Guard(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace tocsin::guard
