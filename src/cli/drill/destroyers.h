// SPDX-License-Identifier: Apache-2.0
// cli/drill/destroyers.h -- ordinary programs that destroy files, and the cage they run in.
//
// A destroyer is a shell line of programs from Debian. It runs with the drill's own tree as its
// working directory, as the first process of a PID namespace and in a mount namespace in which
// everything but that tree and a scratch file system in memory is read-only: a mistake in a line
// cannot reach the host's files, and nothing of it outlives the drill.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/cli/drill/command.h"

namespace tocsin::cli {

struct Destroyer {
    std::string_view name;
    std::string_view does; // one line for people
    std::vector<std::string_view> needs; // programs besides coreutils, findutils and sh
    std::string_view script; // for sh -c
};

std::vector<Destroyer> const& all_destroyers();

struct Cage {
    std::string mount; // of the drill's own file system: stays writable
    std::string tree; // in it: the working directory
    std::string scratch; // an empty folder, covered by memory
};

// Starts it. `cage` must outlive the call only.
Result<Child> release_into(
    Cage const& cage, Destroyer const& destroyer, Interrupts const& interrupts, int output_fd);

} // namespace tocsin::cli
