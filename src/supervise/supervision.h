// SPDX-License-Identifier: Apache-2.0
// supervise/supervision.h -- the guard's end: starts its supervisor, and sees that it goes on.
//
// Each watches the other: who would stop the guard for good has to stop both within a tenth of a second.
// The supervisor ends with the guard. Where that is meant, it ends for good; else it starts the guard
// again, if it was told to, by becoming it.
// Threads: pulse() and runs() from any; everything else from one.
#pragma once

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

class Supervision {
public:
    // `supervisor` is the program; `guard` this process's own command line, its program first.
    struct Commands {
        std::string supervisor;
        std::vector<std::string> guard;
        AfterDeath after_death = AfterDeath::nothing;
    };
    // Also where the supervisor could not be started: look_after() tells, and tries again.
    static Result<std::unique_ptr<Supervision>> begin(Commands commands);
    Supervision(Commands commands, Pulse pulse, proc::ProcDir dir);
    // Ends the supervisor; the guard's end from here on is in order.
    ~Supervision();
    Supervision(Supervision const&) = delete;
    Supervision& operator=(Supervision const&) = delete;

    Pulse& pulse() { return pulse_; }
    bool runs() const { return runs_; } // any thread: as of the last look

    // Every 0.1 s: continues a supervisor that was stopped, replaces one that is traced, and starts another
    // one where none runs. The sentence on what was found; empty where all is well.
    std::string look_after();

private:
    enum class Child { runs, stopped, traced, ended };

    Result<void> start();
    Child state_of_child() const;

    Commands commands_;
    Pulse pulse_;
    proc::ProcDir proc_;
    pid_t pid_ = 0; // our child, not waited for; 0: there is none
    std::atomic<bool> runs_{false};
    SteadyTime next_start_{};
};

} // namespace tocsin::supervise
