// SPDX-License-Identifier: Apache-2.0
// guard/self_watch.h -- what is done to the guard itself.
//
// Looks after the supervisor every 0.1 s: whoever stops the supervisor has to stop the guard
// within that time as well. Beats for a service manager that keeps watch. Tells what was done to the guard
// itself as an incident of nobody known.
// Threads: one of its own until it is destroyed; record() and what_is_wrong() from any.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "tocsin/event/incident.h"
#include "tocsin/guard/seldom.h"
#include "tocsin/guard/self_defence.h"
#include "tocsin/supervise/supervisor_process.h"
#include "tocsin/supervise/watchdog.h"

namespace tocsin::guard {

class SelfWatch {
public:
    using Report = std::function<void(event::Incident)>; // from any thread
    // Borrows all.
    SelfWatch(supervise::SupervisorProcess& supervisor, supervise::ServiceManager const& manager,
        SelfDefence& defence, Report report);

    // Of one cause once in ten minutes; false where it was too soon.
    bool record(std::string const& cause, std::string const& reason);
    // Empty: a supervisor watches.
    std::string what_is_wrong() const;

private:
    void run(std::stop_token const& stop);
    void look();
    void defend();

    supervise::SupervisorProcess& supervisor_;
    SelfDefence& defence_;
    supervise::Watchdog watchdog_; // its own thread's
    Report report_;
    std::uint64_t interruptions_told_ = 0; // its own thread's
    Seldom recorded_;
    mutable std::mutex mutex_;
    std::string found_; // under `mutex_`, at the last look; empty: all is well
    std::jthread thread_; // last: it uses all of them
};

} // namespace tocsin::guard
