// SPDX-License-Identifier: Apache-2.0
// respond/network.h -- network namespaces by their number, and programs that are run inside one.
//
// A server may live in another network than the guard: a container's, or a service's own. What is done to its
// packets has to be done there.
// Threads: any. A program runs from a thread of its own, since only a thread can go to another network.
// Bounds: a program has 5 s, then it is killed; 256 KiB of what it says are kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::respond {

// The guard's own; 0 where it cannot be told.
std::uint64_t own_network();
// A descriptor of the namespace with this inode. `not_found` where no process lives in it: then it is gone, with all
// its rules, unless somebody keeps it by a mount.
Result<UniqueFd> find_network(std::uint64_t inode);

struct Ended {
    int status = 0; // its exit status, or the number of the signal that ended it
    std::string said; // on both of its outputs
};
// `not_found` where there is no such program; `again` where its time was over.
Result<Ended> run_in_network(int network_fd, std::vector<std::string> words, std::string_view input);

} // namespace tocsin::respond
