// SPDX-License-Identifier: Apache-2.0
// sensor/proc/process_reader.h -- a whole event::Process from /proc.
//
// Holds /proc and the cgroup mount open; read_process() makes one for a single question.
// Threads: one owner.
// Bounds: 4 KiB of a file, 256 bytes of the arguments, whatever the process put there.
// Errors: `not_found` when the process has ended, also in the middle of the reading.
#pragma once

#include <string>
#include <vector>

#include "tocsin/base/bytes.h"
#include "tocsin/base/proc.h"
#include "tocsin/event/process.h"
#include "tocsin/sensor/proc/cgroup_names.h"

namespace tocsin::sensor {

// As event::Process::command: arguments that each end with a NUL become one printable line.
constexpr std::size_t argument_limit = 256;
std::string command_from_arguments(ByteView arguments);

class ProcessReader {
public:
    static Result<ProcessReader> create();

    Result<event::Process> read(pid_t pid);
    Result<std::vector<event::Process>> read_all();

    // Only the key.
    Result<event::ProcessKey> key_of(pid_t pid) const;
    CgroupNames& cgroups() { return cgroups_; }

private:
    ProcessReader(proc::ProcDir dir, CgroupNames names)
        : proc_(std::move(dir)), cgroups_(std::move(names)) { }

    Result<event::Process> read_once(int dir_fd);

    proc::ProcDir proc_;
    CgroupNames cgroups_;
};

} // namespace tocsin::sensor
