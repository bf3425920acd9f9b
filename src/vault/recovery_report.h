// SPDX-License-Identifier: Apache-2.0
// vault/recovery_report.h -- what open() found after an unclean end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::vault {

struct RecoveryReport {
    std::uint64_t staged_packs = 0;
    std::uint64_t staged_blobs = 0;
    std::uint64_t lost_blobs = 0; // only after a power failure
    std::uint64_t unindexed_packs = 0;
    std::vector<std::string> problems; // what could not be finished, and why
};

} // namespace tocsin::vault
