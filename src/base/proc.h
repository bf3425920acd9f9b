// SPDX-License-Identifier: Apache-2.0
// base/proc.h -- what /proc tells of processes and of the cgroup v2 mount: readers and parsers.
//
// A process may end at any moment: every reader answers `not_found` then.
// Threads: a ProcDir is never changed once it is open; any thread may use it.
// Bounds: a stat line 2 KiB, a status or cgroup file 4 KiB, a mountinfo file 16 MiB.
// Errors: `not_found` when the process is gone, `corrupt` for text that is not the kernel's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::proc {

// One line of /proc/PID/stat (proc(5)), as far as we need it.
struct Stat {
    pid_t pid = 0;
    std::string comm;
    char state = 0; // R running, S and D asleep, T stopped, t traced, Z and X ended
    pid_t parent = 0;
    pid_t session = 0;
    std::uint32_t flags = 0; // the kernel's PF_*
    std::uint32_t threads = 0;
    std::uint64_t start_ticks = 0; // since boot

    bool is_kernel_thread() const { return (flags & 0x00200000) != 0; } // PF_KTHREAD
    bool has_ended() const { return state == 'Z' || state == 'X'; }
};
Result<Stat> parse_stat(std::string_view line);

// The effective user of the "Uid:" line of /proc/PID/status.
Result<std::uint32_t> parse_effective_uid(std::string_view status);

// The path below the cgroup v2 mount, from /proc/PID/cgroup; "/" for the root.
Result<std::string> parse_cgroup_path(std::string_view cgroup);

// Where cgroup v2 is mounted, from the text of mountinfo; `not_found` where it is not.
Result<std::string> parse_cgroup_mount(std::string_view mountinfo);
Result<std::string> cgroup_mount();

class ProcDir {
public:
    static Result<ProcDir> open();

    int fd() const { return fd_.get(); }
    Result<UniqueFd> open_process(pid_t pid) const; // /proc/PID: stays with this one process

    // As above, for one thread, the leader too: does not add up over the threads of the process.
    Result<Stat> stat(pid_t pid) const;
    Result<Stat> thread_stat(pid_t pid, pid_t tid) const;

    Result<std::vector<pid_t>> processes() const; // ascending; kernel threads too
    Result<std::vector<pid_t>> threads(pid_t pid) const;
    Result<std::string> cgroup_path(pid_t pid) const;

private:
    explicit ProcDir(UniqueFd fd) : fd_(std::move(fd)) { }
    UniqueFd fd_;
};

// The first bytes of a file of /proc, at most `limit`; more is cut off silently.
Result<std::string> read_start(int dir_fd, std::string const& path, std::size_t limit);

} // namespace tocsin::proc
