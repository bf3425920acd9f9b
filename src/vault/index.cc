// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/index.h"

namespace tocsin::vault {
namespace {

constexpr std::uint32_t type_bit = 1U << 31;

std::uint32_t type_bits(BlobType type)
{
    return type == BlobType::tree ? type_bit : 0;
}

} // namespace

// Where the blob stands, or the empty slot where it belongs. Ids are hashes already.
std::size_t BlobIndex::slot_of(BlobType type, BlobId const& id) const
{
    auto const mask = slots_.size() - 1;
    for (auto slot = std::hash<BlobId>{}(id)&mask;; slot = (slot + 1) & mask) {
        if (slots_[slot] == 0)
            return slot;
        auto const& known = entry(slots_[slot] - 1);
        if (known.id == id && (known.pack_and_type & type_bit) == type_bits(type))
            return slot;
    }
}

void BlobIndex::grow()
{
    slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, 0);
    for (std::size_t i = 0; i < count_; ++i) {
        auto const& known = entry(i);
        auto const type = (known.pack_and_type & type_bit) != 0 ? BlobType::tree : BlobType::data;
        slots_[slot_of(type, known.id)] = static_cast<std::uint32_t>(i + 1);
    }
}

bool BlobIndex::add(PackNumber pack, PackedBlob const& blob)
{
    if (count_ * 2 >= slots_.size())
        grow();
    auto const slot = slot_of(blob.type, blob.id);
    if (slots_[slot] != 0)
        return false;
    if (count_ % block_entries == 0)
        blocks_.push_back(std::make_unique<Entry[]>(block_entries));
    blocks_.back()[count_ % block_entries] =
        Entry{blob.id, pack | type_bits(blob.type), blob.offset, blob.length, blob.plain_length};
    slots_[slot] = static_cast<std::uint32_t>(++count_);
    plain_bytes_ += blob.plain_bytes();
    stored_bytes_ += blob.length;
    return true;
}

void BlobIndex::move(PackNumber pack, PackedBlob const& blob)
{
    auto const number = slots_[slot_of(blob.type, blob.id)] - 1;
    auto& known = blocks_[number / block_entries][number % block_entries];
    known = Entry{blob.id, pack | type_bits(blob.type), blob.offset, blob.length, blob.plain_length};
}

std::optional<BlobPlace> BlobIndex::find(BlobType type, BlobId const& id) const
{
    if (count_ == 0)
        return {};
    auto const slot = slots_[slot_of(type, id)];
    if (slot == 0)
        return {};
    auto const& known = entry(slot - 1);
    return BlobPlace{known.pack_and_type & ~type_bit, known.offset, known.length, known.plain_length};
}

} // namespace tocsin::vault
