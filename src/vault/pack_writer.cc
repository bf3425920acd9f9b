// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/pack_writer.h"

#include <algorithm>
#include <iterator>

namespace tocsin::vault {
namespace {

// How many of the packs go into the next index file: at least one, and what the bound allows.
std::size_t next_group(std::span<IndexedPack const> packs)
{
    std::size_t blobs = 0;
    for (std::size_t i = 0; i < packs.size(); ++i) {
        blobs += packs[i].blobs.size();
        if (i > 0 && blobs > index_file_max_blobs)
            return i;
    }
    return packs.size();
}

} // namespace

PackWriter::PackWriter(
    Store& store, Cipher const& cipher, SealedFiles const& files, Catalog& catalog, std::size_t pack_bytes)
    : store_(store)
    , cipher_(cipher)
    , files_(files)
    , catalog_(catalog)
    , pack_bytes_(pack_bytes)
    , sealer_([this](StagedPack const& pack, PackId const& id) { sealed(pack, id); })
{
}

Result<PackedBlob> PackWriter::append(PackedBlob blob, ByteView stored)
{
    auto& slot = slots_[static_cast<std::size_t>(blob.type)];
    std::lock_guard lock(slot.mutex);
    if (!slot.pack) {
        TRY(sealer_.ready());
        std::shared_ptr<StagedPack> pack = TRY(StagedPack::create(store_, cipher_, blob.type));
        catalog_.add_pack(pack);
        slot.pack = std::move(pack);
    }
    auto const placed = TRY(slot.pack->append(blob, stored));
    catalog_.add(slot.pack->number, placed);
    // Under the lock, so that flush() finds the pack either here or with the sealer.
    if (slot.pack->is_full(pack_bytes_))
        sealer_.put(std::move(slot.pack));
    return placed;
}

void PackWriter::adopt(std::unique_ptr<StagedPack> pack)
{
    std::shared_ptr<StagedPack> shared = std::move(pack);
    auto const number = catalog_.add_pack(shared);
    for (auto const& blob : shared->blobs())
        catalog_.add(number, blob);
    sealer_.put(std::move(shared));
}

void PackWriter::add_unindexed(IndexedPack pack)
{
    std::lock_guard lock(waiting_mutex_);
    waiting_.push_back(std::move(pack));
}

void PackWriter::sealed(StagedPack const& pack, PackId const& id)
{
    catalog_.publish(pack.number, id);
    add_unindexed({id, pack.blobs()});
    bool many = false;
    {
        std::lock_guard lock(waiting_mutex_);
        many = waiting_.size() >= index_when_waiting;
    }
    // Should it fail, the packs wait on: flush() tries again and tells.
    if (many)
        (void)write_indexes();
}

Result<void> PackWriter::write_indexes()
{
    std::lock_guard writing(writing_index_);
    std::vector<IndexedPack> packs;
    {
        std::lock_guard lock(waiting_mutex_);
        packs.swap(waiting_);
    }
    std::span<IndexedPack const> rest(packs);
    while (!rest.empty()) {
        auto const group = rest.first(next_group(rest));
        auto written = files_.put(FileKind::index, encode_index(group));
        if (!written.ok()) {
            std::lock_guard lock(waiting_mutex_);
            std::ranges::copy(rest, std::back_inserter(waiting_));
            return written.take_error();
        }
        catalog_.note_index(written.take());
        rest = rest.subspan(group.size());
    }
    return {};
}

Result<void> PackWriter::flush()
{
    for (auto& slot : slots_) {
        std::lock_guard lock(slot.mutex);
        if (slot.pack && !slot.pack->blobs().empty())
            sealer_.put(std::move(slot.pack));
    }
    sealer_.retry();
    auto sealed_all = sealer_.wait();
    TRY(write_indexes());
    return sealed_all;
}

} // namespace tocsin::vault
