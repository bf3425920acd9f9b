// SPDX-License-Identifier: Apache-2.0
// vault/pack_writer.h -- takes encoded blobs into open packs, seals full ones, writes indexes.
//
// Data and trees go to packs of their own. Sealed packs wait for an index: it is written at
// flush(), or when `index_when_waiting` packs wait.
// Borrows the store, cipher, files and catalog. Owns the open packs and the sealer.
// Threads: any. Two locks are held across a write, on purpose: that of an open pack (its file
// has one end) and that of index writing (one index for all who flush at once).
#pragma once

#include <array>

#include "tocsin/vault/catalog.h"
#include "tocsin/vault/sealed_files.h"
#include "tocsin/vault/sealer.h"

namespace tocsin::vault {

class PackWriter {
public:
    PackWriter(Store& store, Cipher const& cipher, SealedFiles const& files, Catalog& catalog,
        std::size_t pack_bytes);

    // In the catalog, and safe against SIGKILL, on return. On error nothing has changed.
    Result<PackedBlob> append(PackedBlob blob, ByteView stored);

    // A pack that recovery found, or one that no index names.
    void adopt(std::unique_ptr<StagedPack> pack);
    void add_unindexed(IndexedPack pack);

    Result<void> flush();

    static constexpr std::size_t index_when_waiting = 64;

private:
    struct Slot {
        std::mutex mutex;
        std::shared_ptr<StagedPack> pack;
    };
    void sealed(StagedPack const& pack, PackId const& id);
    Result<void> write_indexes();

    Store& store_;
    Cipher const& cipher_;
    SealedFiles const& files_;
    Catalog& catalog_;
    std::size_t pack_bytes_;
    std::array<Slot, 2> slots_; // by blob type
    std::mutex writing_index_;
    std::mutex waiting_mutex_;
    std::vector<IndexedPack> waiting_; // sealed, in no index yet
    Sealer sealer_; // last: its thread uses all the others
};

} // namespace tocsin::vault
