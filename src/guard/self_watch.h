// SPDX-License-Identifier: Apache-2.0
// guard/self_watch.h -- what is done to the guard itself.
//
// Looks after the supervisor every 0.1 s: whoever stops the supervisor has to stop the guard
// within that time as well, and then the kernel ends the guard after 10 s. Beats for a service manager that keeps
// watch.
// Threads: one of its own until it is destroyed; what_is_wrong() from any.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include "tocsin/guard/self_defence.h"
#include "tocsin/guard/self_findings.h"
#include "tocsin/supervise/stop_limit.h"
#include "tocsin/supervise/supervisor_process.h"
#include "tocsin/supervise/watchdog.h"

namespace tocsin::guard {

class SelfWatch {
public:
    // Borrows all.
    SelfWatch(supervise::SupervisorProcess& supervisor, supervise::ServiceManager const& manager,
        SelfDefence& defence, SelfFindings& findings);

    // Empty: a supervisor watches.
    std::string what_is_wrong() const;

private:
    void run(std::stop_token const& stop);
    void look();
    void defend();

    supervise::SupervisorProcess& supervisor_;
    SelfDefence& defence_;
    supervise::Watchdog watchdog_; // its own thread's
    std::unique_ptr<supervise::StopLimit> stop_limit_; // null: the kernel gave none
    SelfFindings& findings_;
    std::uint64_t interruptions_told_ = 0; // its own thread's
    mutable std::mutex mutex_;
    std::string found_; // under `mutex_`, at the last look; empty: all is well
    std::jthread thread_; // last: it uses all of them
};

} // namespace tocsin::guard
