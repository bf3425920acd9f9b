// SPDX-License-Identifier: Apache-2.0
// respond/stopped_parents.h -- who stops itself because its child was stopped (su, sudo), and goes on with it.
//
// su and sudo stop themselves when what they run is stopped, and nobody but a job-control shell continues them. So
// whoever lets go of a frozen process, or ends it, continues those above it that have stopped since its freeze, also
// whom others have stopped, for sudo stops the script that called it. Left alone is who was stopped before the freeze
// (^Z), and who is frozen itself or stands above another that is.
// Who has stopped itself by kill(2) is taken for one that did so for its child, also where that was seen late: a shell
// that was suspended by its own `suspend` while it has the destroyer as a job is continued, too.
// Looked at are the process's own session and the one from which that was started: sudo runs its command in a session
// of its own.
// Threads: any.
// Bounds: 16 generations a process; 32,768 frozen ones, one more forgets any of them; some 65,536 above them, more
// forgets all, and who is not known is left alone. Who was frozen less than half a second ago is watched until that is over.
#pragma once

#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/base/proc.h"
#include "tocsin/event/process.h"

namespace tocsin::respond {

// By the text of /proc/PID/syscall of a process that is stopped: whether that is of its own doing.
bool has_stopped_itself(std::string_view syscall, pid_t pid);

class StoppedParents {
public:
    explicit StoppedParents(proc::ProcDir proc) : proc_(std::move(proc)) { }

    // These were just stopped.
    void froze(std::span<event::ProcessKey const> processes);

    // These were continued, or have ended. Whom it has continued above them.
    std::vector<event::ProcessKey> let_go(std::span<event::ProcessKey const> processes);

private:
    struct Frozen {
        std::vector<event::ProcessKey> above; // nearest first
        SteadyTime since;
    };
    struct Looked { // what was read of /proc within one call, by number
        std::unordered_map<pid_t, proc::Stat> stats;
    };
    proc::Stat const* stat_of(Looked& looked, pid_t pid) const;
    std::vector<proc::Stat> line_above(Looked& looked, event::ProcessKey process) const;
    bool was_stopped_by_others(proc::Stat const& stat) const;
    bool is_there(event::ProcessKey process) const;
    bool continue_if_stopped(event::ProcessKey process) const;
    std::vector<event::ProcessKey> candidates_of(
        std::span<event::ProcessKey const> processes, SteadyTime& watched_until);

    proc::ProcDir proc_;
    std::mutex mutex_; // for what follows; not held while /proc is read
    std::unordered_map<event::ProcessKey, Frozen> frozen_;
    // Of those above: whether others had stopped it when it was seen first.
    std::unordered_map<event::ProcessKey, bool> was_stopped_;
};

} // namespace tocsin::respond
