// SPDX-License-Identifier: Apache-2.0
// guard/asked_from.h -- from which address the person works who asks, where that is over SSH.
//
// Of the process that asks and those it comes from: the peer of the connection that the nearest sshd serves, else what
// the nearest of them has been told by its sshd (SSH_CONNECTION, which sudo takes from its child but not from the
// shell above it).
// Threads: any. Bounds: 64 processes, 64 KiB of the environment of each, and those of remote_client.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace tocsin::guard {

// As inet_ntop(3) writes it; none: not over SSH, or not known. `process` 0: nobody.
std::optional<std::string> asked_from(pid_t process);

// Of an environment as /proc/PID/environ has it.
std::optional<std::string> ssh_client_in(std::string_view environment);

} // namespace tocsin::guard
