// SPDX-License-Identifier: Apache-2.0
// sensor/proc/cgroup_names.h -- the path of a cgroup v2 directory by its id, and the id by its path.
//
// An id is the directory's inode number. It is resolved by file handle, in two system calls and
// without a walk, and remembered: a cgroup cannot be renamed, so what was true stays true.
// Threads: one owner.
// Bounds: 4,096 names; when they are full all are forgotten and asked for again.
// Errors: none. What cannot be told (no cgroup v2, or the cgroup is gone) is "" or 0.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {

class CgroupNames {
public:
    static CgroupNames open();

    std::string path_of(std::uint64_t id); // below the mount, "/" for the root
    std::uint64_t id_of(std::string const& path); // REQUIRES: path begins with '/'

private:
    CgroupNames(std::string mount, UniqueFd mount_fd) : mount_(std::move(mount)), fd_(std::move(mount_fd)) { }
    void remember(std::uint64_t id, std::string const& path);

    std::string mount_;
    UniqueFd fd_; // empty: no cgroup v2 here
    std::unordered_map<std::uint64_t, std::string> paths_;
};

} // namespace tocsin::sensor
