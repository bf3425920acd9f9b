// SPDX-License-Identifier: Apache-2.0
// event/process.h -- a process as records name it, with what is needed once it is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tocsin/base/clock.h"

namespace tocsin::event {

// A pid and when it began (clock ticks since boot, as field 22 of /proc/PID/stat): unique until
// the next boot. pid 0 stands for "not known"; with a start_ticks, for one that began by then.
struct ProcessKey {
    std::int32_t pid = 0;
    std::uint64_t start_ticks = 0;
    explicit operator bool() const { return pid != 0; }
    auto operator<=>(ProcessKey const&) const = default;
};

// Who did what undo does, in its own records and in the witness's: nobody's real process.
constexpr ProcessKey undo_process{-1, 0};

struct Process {
    ProcessKey key;
    ProcessKey parent; // at birth; stays when the parent ends and init adopts the child
    std::uint32_t uid = 0;
    std::int32_t session = 0; // setsid(2) session's pid
    std::uint64_t cgroup_id = 0; // inode of its cgroup v2 directory; 0: not known
    std::string cgroup; // path below the cgroup v2 mount, "/" for the root
    std::string executable; // path; empty for kernel threads
    std::string command; // argv joined by spaces, printable, at most 256 bytes
    bool is_kernel_thread = false;

    bool operator==(Process const&) const = default;
};

} // namespace tocsin::event

template <>
struct std::hash<tocsin::event::ProcessKey> {
    std::size_t operator()(tocsin::event::ProcessKey const& key) const noexcept
    {
        return std::hash<std::uint64_t>{}(
            key.start_ticks * 0x9e3779b97f4a7c15ULL + static_cast<std::uint32_t>(key.pid));
    }
};
