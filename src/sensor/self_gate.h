// SPDX-License-Identifier: Apache-2.0
// sensor/self_gate.h -- nobody but process 1 of the host stops, traces or starves the guard, or changes what it keeps.
//
// Where the kernel runs LSM programs, it refuses with EPERM, also to root: signals to the guard's own
// processes, ptrace and all that is as strong (/proc/PID/mem, process_vm_readv, pidfd_getfd), limits and
// scheduling of them, tables of their programs; and of files below guarded directories all that changes
// them, their names or their attributes. Reading is nobody's business here.
// Not refused: what has no process for a sender (a terminal, the OOM killer, cgroup.kill and
// cgroup.freeze, the end of a parent that asked for it is); descriptors that were open before; opens by file handle
// of what is not cached by name.
// Everything is over with the engine, or with the guard's process.
// Threads: drain() from one; all others from any.
// Bounds: 64 own processes. Refusals that come faster than they are drained are counted only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tocsin/base/result.h"
#include "tocsin/event/process.h"

namespace tocsin::sensor {

struct RefusedDeed {
    event::ProcessKey process;
    std::uint32_t uid = 0; // the effective one
    std::string command; // 15 bytes of the program's name, printable
    std::string deed; // "send signal 9 to the guard"
};

class SelfGate {
public:
    virtual ~SelfGate() = default;

    // One of the guard's own processes: guarded, and may do all. Before any directory.
    virtual Result<void> admit(event::ProcessKey process) = 0;
    virtual void dismiss(event::ProcessKey process) = 0;

    // The directory and all below it, as long as the caller keeps a descriptor of it.
    virtual Result<void> guard(int dir_fd) = 0;
    virtual Result<void> leave_open(int dir_fd) = 0; // below a guarded one: as if it were not

    virtual void drain(std::function<void(RefusedDeed&&)> const& sink) = 0; // never blocks
    virtual std::uint64_t refusals() const = 0;
};

// Whose SIGTERM and SIGINT end the guard in order: where no service manager runs it, people have no other way.
enum class EndsBy { manager, anybody_who_may };

// The tables of all programs that this process has loaded are guarded from here on: open it last.
// As open_condemned_gate().
Result<std::unique_ptr<SelfGate>> open_self_gate(EndsBy ends);

} // namespace tocsin::sensor
