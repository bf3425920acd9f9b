// SPDX-License-Identifier: Apache-2.0
// undo/writers.h -- who has files open for writing, other than the actor.
//
// Undo puts a new inode in the place of a damaged one. A program that has the old one open, a
// logging daemon for instance, writes on into that: it must not go away with its last name.
// Sources, proc(5): the links in /proc/PID/fd, whose modes say what was opened for writing; and the
// shared writable mappings of /proc/PID/maps, by /proc/PID/map_files. No file is opened, so that
// nothing is held and no lease is broken.
// Threads: never changed once it is made. Bounds: what the host has open for writing; 64 MiB of text
// for the mappings of one process.
#pragma once

#include <map>
#include <span>
#include <string>
#include <sys/types.h>

#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/process.h"

namespace tocsin::undo {

class Writers {
public:
    // As of now, of all processes but `except` and this one. Processes that the kernel does not show
    // to the caller are left out; any other failure to look is an error.
    static Result<Writers> look(std::span<event::ProcessKey const> except);

    // "'rsyslogd' (process 812)"; empty where nobody has this file open for writing.
    std::string writer_of(struct statx const& file) const;

private:
    struct File {
        std::uint32_t device_major = 0;
        std::uint32_t device_minor = 0;
        std::uint64_t inode = 0;
        auto operator<=>(File const&) const = default;
    };
    struct Writer {
        pid_t pid = 0;
        std::string name; // as of look()
    };
    static File file_of(struct statx const& status);
    Result<void> add(proc::ProcDir const& proc, proc::Stat const& process);
    Result<void> add_opens(int process_dir, std::string const& directory, proc::Stat const& process);
    Result<void> add_mappings(int process_dir, proc::Stat const& process);
    void add_file(int dir, std::string const& link, proc::Stat const& process);

    std::map<File, Writer> writers_; // one of those who have it open
};

} // namespace tocsin::undo
