// SPDX-License-Identifier: Apache-2.0
// undo/writers.h -- who holds files open for writing, beside the actor.
//
// Undo puts a new inode in the place of a damaged one. A program that has the old one open, a
// logging daemon for instance, writes on into that: it must not go away with its last name.
// Source: proc(5), /proc/PID/fd and /proc/PID/map_files; a link's mode says whether the file was
// opened for writing. Nothing is opened, so that nothing is held or leased.
// Threads: never changed once it is made. Bounds: what the host has open for writing.
#pragma once

#include <map>
#include <string>
#include <sys/types.h>
#include <unordered_set>

#include "tocsin/base/result.h"
#include "tocsin/base/sys.h"

namespace tocsin::undo {

class Writers {
public:
    // As of now, of all processes but `except`. Needs root; who can't be looked at is left out.
    static Result<Writers> look(std::unordered_set<pid_t> const& except);

    // "'rsyslogd' (process 812)"; empty where nobody has this file open for writing.
    std::string of(struct statx const& file) const;

private:
    struct File {
        std::uint32_t device_major = 0;
        std::uint32_t device_minor = 0;
        std::uint64_t inode = 0;
        auto operator<=>(File const&) const = default;
    };
    static File file_of(struct statx const& status);
    void add_opens(int process_dir, char const* links, pid_t pid);

    std::map<File, pid_t> writers_; // one of them
};

} // namespace tocsin::undo
