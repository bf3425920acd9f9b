// SPDX-License-Identifier: Apache-2.0
// respond/act.h -- stops, continues and ends process trees.
//
// In two steps, because every ten microseconds cost a file: freeze_now() stops the processes that
// are known, freeze() then hunts down the rest until nothing of the tree runs.
// A process is signalled through its pidfd, and only after its start time was found to be the one
// in its key. Never signalled: pid 1, this process (and what hangs from it), kernel threads.
// An actor that has a cgroup v2 to itself is also frozen by cgroup.freeze, which a SIGCONT from
// outside the tree cannot undo.
//
// What runs is seen by a process table: a tree of a thousand that fork without end is at rest the sooner, the
// faster that is.
//
// Threads: one owner.
// Bounds: freeze() and kill() give up 1 s after the last process they found, and after 3 s in all;
// 32,768 processes a tree. A signalled process has no more instructions of its own to run; the
// rounds are for those that are not known yet, and to be sure.
// Errors: only when /proc itself cannot be read. What could not be stopped is in `left`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tocsin/base/pid_ref.h"
#include "tocsin/base/process_table.h"
#include "tocsin/event/process.h"

namespace tocsin::respond {

class Freezer {
public:
    static Result<Freezer> create(std::unique_ptr<proc::ProcessTable> table);
    static Result<Freezer> create(); // by /proc

    struct Outcome {
        std::vector<event::ProcessKey> frozen; // to which it was done: also for thaw() and kill()
        std::vector<event::ProcessKey> gone; // had ended, or their pid is another's by now
        std::vector<event::ProcessKey> left; // still at work, or protected
        std::string how; // one sentence part: "SIGSTOP to 12 processes and cgroup.freeze of '/x'"
    };

    // SIGSTOP to these and no others, newest first; neither waits nor looks for children.
    Outcome freeze_now(std::span<event::ProcessKey const> processes) const;

    // SIGSTOP to one that was stopped before, where somebody has continued it since. Whether it was so.
    bool stop_if_continued(event::ProcessKey process) const;

    // These and all that descend from them, until none is left running.
    Result<Outcome> freeze(std::span<event::ProcessKey const> processes) const;

    // SIGCONT to these and their descendants, children first, and their own cgroup runs again.
    Result<Outcome> thaw(std::span<event::ProcessKey const> processes) const;

    // Freezes the tree, so that none escapes, and ends it with SIGKILL.
    Result<Outcome> kill(std::span<event::ProcessKey const> processes) const;

private:
    Freezer(proc::ProcDir dir, std::unique_ptr<proc::ProcessTable> table, std::string mount)
        : proc_(std::move(dir)), table_(std::move(table)), cgroup_mount_(std::move(mount))
    {
    }

    struct Tree; // the members of one call
    enum class Signalled { yes, gone, refused };

    Signalled signal(event::ProcessKey key, int number) const;
    void stop_threads(PidRef const& process) const;
    void signal_many(std::span<event::ProcessKey const> keys, int number) const;
    Result<void> look(Tree& tree) const;
    bool stop_new(Tree& tree) const;
    void stop_again(Tree const& tree) const;
    Result<Tree> stop_all(std::span<event::ProcessKey const> processes) const;
    std::vector<std::string> own_cgroups(Tree const& tree) const;
    std::string freeze_own_cgroups(Tree const& tree) const;
    std::string thaw_own_cgroups(Tree const& tree) const;

    proc::ProcDir proc_;
    std::unique_ptr<proc::ProcessTable> table_;
    std::string cgroup_mount_; // empty: no cgroup v2
};

} // namespace tocsin::respond
