// SPDX-License-Identifier: Apache-2.0
// respond/own_cgroup.h -- freezes a cgroup v2 that holds processes of one actor and of nobody else.
//
// Threads: free functions; any. Bounds: 64 cgroups, 8 levels deep; a larger one counts as shared.
// Errors: `not_found` when the cgroup is gone.
#pragma once

#include <string>
#include <unordered_set>

#include "tocsin/base/result.h"

namespace tocsin::respond {

// True when the cgroup and those below it hold only `members`. Never for the root.
Result<bool> holds_only(
    std::string const& mount, std::string const& cgroup, std::unordered_set<pid_t> const& members);

enum class CgroupState { frozen, running };
Result<CgroupState> asked_state(std::string const& mount, std::string const& cgroup);
Result<void> ask_state(std::string const& mount, std::string const& cgroup, CgroupState state);

} // namespace tocsin::respond
