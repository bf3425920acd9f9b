// SPDX-License-Identifier: Apache-2.0
// sensor/lineage.h -- who forked, executed and ended: one interface over several engines.
//
// What the guard learns of a file event is a pid, and when it is looked up the process may be
// gone. So processes are followed from their birth, and the owner keeps what was told.
//
// A source tells of what happens after it was opened: open it first, then read_all_processes(),
// and nothing falls between; a process may then be told of twice. Threads are never told of.
// Threads: a source belongs to one thread.
// Bounds: see each engine; what the kernel had no room for is counted in lost().
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/process.h"

namespace tocsin::sensor {

enum class LifecycleKind {
    forked, // the child; its command and executable are still its parent's
    executed, // the same process with another command, perhaps another user
    exited, // only the key is filled. May come twice for a process with threads
};

struct LifecycleEvent {
    LifecycleKind kind = LifecycleKind::forked;
    event::Process process; // what an engine could not learn is empty
};

using LifecycleSink = std::function<void(LifecycleEvent&&)>;

class LineageSource {
public:
    virtual ~LineageSource() = default;

    // Pollable: readable while something waits.
    virtual int fd() const = 0;

    // Hands over what waits, in the order in which it happened; never blocks. Under a flood it
    // returns after some thousand events, and fd() is still readable.
    virtual Result<void> drain(LifecycleSink const& sink) = 0;

    virtual std::uint64_t lost() const = 0; // events the kernel dropped, since the opening
    virtual std::string_view engine() const = 0; // "ebpf", "proc connector", "fake"
};

// Everything of every process, however short it lives. Linux 5.8 with BTF, and CAP_BPF with
// CAP_PERFMON: `unsupported` or `denied` otherwise.
Result<std::unique_ptr<LineageSource>> open_ebpf_lineage();

// Netlink. Of a process that is gone when its event is read, command and executable stay empty
// after an exec. CAP_NET_ADMIN in the initial namespaces.
Result<std::unique_ptr<LineageSource>> open_proc_connector_lineage();

// From /proc. `not_found` when it is gone.
Result<event::Process> read_process(pid_t pid);
Result<std::vector<event::Process>> read_all_processes();

} // namespace tocsin::sensor
