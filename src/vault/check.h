// SPDX-License-Identifier: Apache-2.0
// vault/check.h -- whether everything that should be in a repository is, and is whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tocsin/vault/recovery.h"

namespace tocsin::vault {

enum class CheckDepth {
    structure, // indexes, sizes of packs, all trees of all snapshots, that their blobs are known
    read_data, // and every byte of every pack
};

struct CheckReport {
    std::uint64_t packs = 0;
    std::uint64_t unindexed_packs = 0; // no problem: the next open for writing indexes them
    std::uint64_t blobs = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t trees = 0;
    std::uint64_t bytes_read = 0;
    std::vector<std::string> problems; // the first thousand
    bool good() const { return problems.empty(); }
};

// Told after each pack and each snapshot; may be empty.
using CheckProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// An error when it could not be checked; what is wrong with the repository is in the report.
Result<CheckReport> check_repository(Reader const& reader, CheckDepth depth, CheckProgress const& progress);

} // namespace tocsin::vault
