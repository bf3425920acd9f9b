// SPDX-License-Identifier: Apache-2.0
// vault/lock.h -- restic's locks: files in locks/ that say who works on the repository.
//
// Ours is non-exclusive: other writers may work beside us, but nobody may prune. A lock is
// stale after 30 minutes, or when its process on this host is gone; stale ones are removed.
// Borrows the store and the files. Threads: one at a time.
// Errors: `again` while another holds the repository exclusively.
#pragma once

#include "tocsin/base/clock.h"
#include "tocsin/vault/sealed_files.h"

namespace tocsin::vault {

struct LockInfo {
    WallTime time;
    bool exclusive = false;
    std::string hostname;
    std::string username;
    std::int64_t pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

std::string encode_lock(LockInfo const& lock);
Result<LockInfo> decode_lock(ByteView json);
bool is_stale(LockInfo const& lock, WallTime now);

// Removes stale locks. `again` while somebody holds the repository exclusively.
Result<void> ensure_nobody_prunes(Store& store, SealedFiles const& files);

class Lock {
public:
    static Result<Lock> take(Store& store, SealedFiles const& files);

    // A new file with the time of now, then the old one removed. To be called every 5 minutes.
    Result<void> refresh();
    Result<void> release();

private:
    Lock(Store& store, SealedFiles const& files, Sha256 const& id) : store_(&store), files_(&files), id_(id)
    {
    }

    Store* store_;
    SealedFiles const* files_;
    Sha256 id_;
};

} // namespace tocsin::vault
