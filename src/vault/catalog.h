// SPDX-License-Identifier: Apache-2.0
// vault/catalog.h -- which blobs there are, where each is, and which are being saved right now.
//
// Threads: any. The lock is held for look-ups and insertions only, never while anything is read
// or written. Bounds: those of BlobIndex and PackTable.
#pragma once

#include <condition_variable>
#include <shared_mutex>
#include <unordered_set>

#include "tocsin/vault/index_file.h"
#include "tocsin/vault/pack_table.h"

namespace tocsin::vault {

class Catalog {
public:
    struct Location {
        PackFile file;
        BlobPlace place;
    };
    std::optional<Location> find(BlobType type, BlobId const& id) const;
    bool has(BlobType type, BlobId const& id) const;

    // `known`: it is there. `taken`: it is the caller's to save, who calls release() in any
    // case. Waits while another thread saves the same blob.
    enum class Claim { known, taken };
    Claim claim(BlobType type, BlobId const& id);
    void release(BlobType type, BlobId const& id);

    PackNumber add_pack(std::shared_ptr<StagedPack> pack);
    void add(PackNumber pack, PackedBlob const& blob);
    void publish(PackNumber pack, PackId const& id);

    void add_published(PackId const& id, std::span<PackedBlob const> blobs);
    void add_foreign(std::string const& stem, std::span<PackedBlob const> blobs);
    bool knows_pack(PackId const& id) const;

    // Index files that are read, or ours.
    bool knows_index(Sha256 const& id) const;
    void note_index(Sha256 const& id);

    struct Counts {
        std::uint64_t blobs = 0;
        std::uint64_t plain_bytes = 0;
        std::uint64_t stored_bytes = 0;
        std::uint64_t packs = 0;
    };
    Counts counts() const;

private:
    void add_locked(PackNumber pack, PackedBlob const& blob);
    static BlobId claim_key(BlobType type, BlobId const& id);

    mutable std::shared_mutex mutex_;
    std::condition_variable_any released_;
    BlobIndex index_;
    PackTable packs_;
    std::unordered_map<std::string, PackNumber> foreign_;
    std::unordered_set<Sha256> indexes_;
    std::unordered_set<BlobId> claimed_;
};

} // namespace tocsin::vault
