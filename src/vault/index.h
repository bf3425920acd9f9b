// SPDX-License-Identifier: Apache-2.0
// vault/index.h -- where each blob is, in memory.
//
// An open-addressing table of 4-byte entry numbers over entries in fixed blocks.
// Threads: none of its own; the repository guards it with a lock.
// Bounds: 48 bytes an entry and 8 to 16 bytes of table: about 60 bytes a blob, so 60 MB for a
// million blobs (one terabyte of large files). At most 2^32 - 2 blobs in 2^31 packs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tocsin/vault/blob.h"

namespace tocsin::vault {

// A pack's number in the PackTable.
using PackNumber = std::uint32_t;

struct BlobPlace {
    PackNumber pack = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t plain_length = 0;
};

class BlobIndex {
public:
    // False, and nothing changes, when the blob is known already.
    bool add(PackNumber pack, PackedBlob const& blob);
    // A known blob is somewhere else now. REQUIRES: it is known.
    void move(PackNumber pack, PackedBlob const& blob);
    std::optional<BlobPlace> find(BlobType type, BlobId const& id) const;

    std::size_t size() const { return count_; }
    std::uint64_t plain_bytes() const { return plain_bytes_; }
    std::uint64_t stored_bytes() const { return stored_bytes_; }

private:
    struct Entry {
        BlobId id;
        std::uint32_t pack_and_type;
        std::uint32_t offset;
        std::uint32_t length;
        std::uint32_t plain_length;
    };
    static_assert(sizeof(Entry) == 48);
    static constexpr std::size_t block_entries = 1024;

    Entry const& entry(std::size_t number) const
    {
        return blocks_[number / block_entries][number % block_entries];
    }
    std::size_t slot_of(BlobType type, BlobId const& id) const;
    void grow();

    std::vector<std::unique_ptr<Entry[]>> blocks_;
    std::vector<std::uint32_t> slots_; // entry number + 1; 0 is empty
    std::size_t count_ = 0;
    std::uint64_t plain_bytes_ = 0;
    std::uint64_t stored_bytes_ = 0;
};

} // namespace tocsin::vault
