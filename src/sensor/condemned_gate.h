// SPDX-License-Identifier: Apache-2.0
// sensor/condemned_gate.h -- condemned processes change nothing below protected directories any more.
//
// fanotify asks before opens alone. Where the kernel runs LSM programs, it also refuses, with EPERM
// and without waiting for us: unlink, rmdir, rename, link, the making of anything, chmod, chown,
// utimes, truncate, extended attributes and access lists. A process is condemned with all that it
// makes from then on: a child is before it runs. What it did before is not undone by this, and a
// descriptor or mapping that it has open still writes.
// Everything is over with the engine, or with the guard's process.
// Threads: all from any.
// Bounds: 65,536 processes; 64 directories between a name and the protected one above it (whatever
// lies deeper is refused to the condemned).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tocsin/base/result.h"
#include "tocsin/event/process.h"

namespace tocsin::sensor {

class CondemnedGate {
public:
    virtual ~CondemnedGate() = default;

    // The directory and all below it, as long as the caller keeps a descriptor of it.
    virtual Result<void> protect(int dir_fd) = 0;
    virtual void unprotect(int dir_fd) = 0;

    // A key without a start is nobody's.
    virtual Result<void> condemn(event::ProcessKey process) = 0;
    // It has ended. What it made stays condemned.
    virtual void forget(event::ProcessKey process) = 0;
    // And all that were condemned with them.
    virtual void pardon(std::span<event::ProcessKey const> processes) = 0;

    virtual std::uint64_t denials() const = 0;
    virtual std::uint64_t missed() const = 0; // children that found the table full
};

// Linux 5.12 with BTF, "bpf" among its security modules, CAP_BPF with CAP_PERFMON: `unsupported` or
// `denied` otherwise.
Result<std::unique_ptr<CondemnedGate>> open_condemned_gate();

} // namespace tocsin::sensor
