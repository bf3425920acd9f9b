// SPDX-License-Identifier: Apache-2.0
// supervise/supervisor_process.h -- the guard's end: starts its supervisor, and sees that it goes on.
//
// Each watches the other: whoever would stop the guard for good has to stop both within a tenth of a second.
// The supervisor ends with the guard. Where that is meant, it ends for good; else it starts the guard
// again, if it was told to, by becoming it.
// Threads: pulse() and runs() from any; everything else from one.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/proc.h"
#include "tocsin/supervise/pulse.h"

namespace tocsin::supervise {

enum class AfterDeath {
    nothing, // a service manager sees to it
    start_again,
};

class SupervisorProcess {
public:
    // `supervisor` is the program; `guard` this process's own command line, its program first.
    struct Options {
        std::string supervisor;
        std::vector<std::string> guard;
        AfterDeath after_death = AfterDeath::nothing;
    };
    // Succeeds even when the supervisor cannot be started: look_after() reports it, and tries again.
    // Errors: of memfd_create(2), and of /proc.
    static Result<std::unique_ptr<SupervisorProcess>> create(Options options);
    SupervisorProcess(Options options, Pulse pulse, proc::ProcDir dir);
    // Ends the supervisor; the guard's end from here on is in order.
    ~SupervisorProcess();
    SupervisorProcess(SupervisorProcess const&) = delete;
    SupervisorProcess& operator=(SupervisorProcess const&) = delete;

    Pulse& pulse() { return pulse_; }
    bool runs() const { return runs_; } // any thread: as of the last look
    // The supervisor that was started last, and since when; `not_found` where none runs.
    Result<proc::Stat> process() const;

    // Every 0.1 s: continues a supervisor that was stopped, replaces one that is traced, and starts another
    // one where none runs. Gives
    // the sentence on what was found; empty where all is well.
    std::string look_after();

private:
    enum class Child { runs, stopped, traced, ended };

    Result<void> start();
    Child state_of_child() const;

    Options options_;
    Pulse pulse_;
    proc::ProcDir proc_;
    pid_t pid_ = 0; // our child, not waited for; 0: there is none
    std::vector<pid_t> replaced_; // killed, and not waited for yet
    std::atomic<bool> runs_{false};
    SteadyTime next_start_{};
};

} // namespace tocsin::supervise
