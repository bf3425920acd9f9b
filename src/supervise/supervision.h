// SPDX-License-Identifier: Apache-2.0
// supervise/supervision.h -- the guard's end: starts its supervisor, and sees that it goes on.
//
// Each watches the other: who would stop the guard for good has to stop both within a moment.
// The supervisor ends with the guard. Where that is meant, it ends for good; else it starts the guard
// again, if it was told to, by becoming it.
// Threads: pulse() from any; everything else from one.
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
    // What happens from here on is meant.
    ~Supervision() { pulse_.end_in_order(); }
    Supervision(Supervision const&) = delete;
    Supervision& operator=(Supervision const&) = delete;

    Pulse& pulse() { return pulse_; }
    bool runs() const { return runs_; } // any thread: as of the last look

    // Once or more a second: continues a supervisor that was stopped, and starts another one where it
    // has ended. The sentence on what was found; empty where all is well.
    std::string look_after();

private:
    Result<void> start();

    Commands commands_;
    Pulse pulse_;
    proc::ProcDir proc_;
    pid_t pid_ = 0; // our child, not waited for; 0: there is none
    std::atomic<bool> runs_{false};
};

} // namespace tocsin::supervise
