// SPDX-License-Identifier: Apache-2.0
// vault/snapshot.h -- the state of some trees at one time, as restic's snapshot files have it.
//
// Fields that we do not write (`summary`) are dropped when one is read. Errors: `corrupt`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/base/digest.h"

namespace tocsin::vault {

using SnapshotId = Sha256;

struct Snapshot {
    WallTime time;
    std::optional<SnapshotId> parent;
    Sha256 tree; // the blob of the root
    std::vector<std::string> paths; // absolute
    std::string hostname;
    std::string username;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::string> excludes;
    std::vector<std::string> tags;
    std::optional<SnapshotId> original;
    std::string program_version;

    bool operator==(Snapshot const&) const = default;
};

std::string encode_snapshot(Snapshot const& snapshot);
Result<Snapshot> decode_snapshot(ByteView json);

} // namespace tocsin::vault
