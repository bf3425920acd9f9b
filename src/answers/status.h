// SPDX-License-Identifier: Apache-2.0
// answers/status.h -- what a guard does and what holds, as a value and as the contract's JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/answers/state.h"
#include "tocsin/base/json.h"
#include "tocsin/journal/journal.h"

namespace tocsin::answers {

struct TreeStatus {
    std::string path;
    std::uint64_t objects = 0; // regular files, directories, symlinks
    std::uint64_t bytes = 0;
    std::uint64_t captured = 0; // objects with a version that is current
    std::uint64_t pending = 0;
    std::uint64_t at_risk = 0;
};

struct GateStatus {
    std::uint64_t opens = 0;
    std::uint64_t held = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t p50_us = 0;
    std::uint64_t p99_us = 0;
};

struct VaultStatus {
    std::string repository;
    std::uint64_t versions = 0;
    std::uint64_t bytes = 0; // of all versions
    std::uint64_t stored_bytes = 0; // that they take
    std::optional<std::uint64_t> off_host_lag_s; // none: there is no copy off this host
    journal::Journal::Growth growth;
};

struct InvariantStatus {
    std::string name; // in snake_case
    bool holds = false;
    std::string reason; // why not, or what is excepted
};

struct IsolationStatus {
    WallTime until;
    std::vector<std::string> allowed; // ADDRESS[/BITS][:PORT]
    std::uint64_t dropped_in = 0; // packets
    std::uint64_t dropped_out = 0;
    std::uint64_t dropped_forwarded = 0;
};

struct Status {
    std::string state; // capturing, guarding, blind, stopped
    std::string reason;
    std::string respond; // what is done to a destroyer: the policy's name; empty: no guard runs
    std::int32_t guard_pid = 0; // who tells it, in its own pid namespace; 0: no guard runs
    std::vector<TreeStatus> trees;
    GateStatus gate;
    VaultStatus vault;
    std::vector<InvariantStatus> invariants;
    std::uint64_t incidents_open = 0;
    std::optional<IsolationStatus> isolation; // none: the host is not isolated
};

json::value to_json(Status const& status);

// As the journal tells it while no guard runs.
Result<Status> status_without_guard(StatePaths const& state);

} // namespace tocsin::answers
