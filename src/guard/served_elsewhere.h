// SPDX-License-Identifier: Apache-2.0
// guard/served_elsewhere.h -- whether to read a file is to wait for another process, or another host.
//
// A file system of FUSE stands still with the process that serves it, which may be one of those that the guard
// has just stopped; one of the network with its server. A thread that waits for either may not end even when it is
// killed, and would keep all descriptors of the guard open.
// Threads: any. Nothing here asks the file system itself.
#pragma once

#include <sys/types.h>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::guard {

// `place` may be O_PATH. Its mount is looked for where `process` has its mounts, then where we have ours.
// `not_found` where neither knows it, nor is it a file without a name in memory (memfd_create(2)).
Result<bool> is_served_elsewhere(UniqueFd const& place, pid_t process);

} // namespace tocsin::guard
