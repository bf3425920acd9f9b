// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/catalog.h"

namespace tocsin::vault {

std::optional<Catalog::Location> Catalog::find(BlobType type, BlobId const& id) const
{
    std::shared_lock lock(mutex_);
    auto const place = index_.find(type, id);
    if (!place)
        return {};
    return Location{packs_[place->pack], *place};
}

bool Catalog::has(BlobType type, BlobId const& id) const
{
    std::shared_lock lock(mutex_);
    return index_.find(type, id).has_value();
}

// Data and tree blobs are told apart by one bit of the id: a collision costs a wait.
BlobId Catalog::claim_key(BlobType type, BlobId const& id)
{
    BlobId key = id;
    if (type == BlobType::tree)
        key.bytes.back() ^= std::byte{1};
    return key;
}

Catalog::Claim Catalog::claim(BlobType type, BlobId const& id)
{
    auto const key = claim_key(type, id);
    std::unique_lock lock(mutex_);
    for (;;) {
        if (index_.find(type, id))
            return Claim::known;
        if (claimed_.insert(key).second)
            return Claim::taken;
        released_.wait(lock);
    }
}

void Catalog::release(BlobType type, BlobId const& id)
{
    std::unique_lock lock(mutex_);
    claimed_.erase(claim_key(type, id));
    released_.notify_all();
}

PackNumber Catalog::add_pack(std::shared_ptr<StagedPack> pack)
{
    std::unique_lock lock(mutex_);
    auto& staged = *pack;
    staged.number = packs_.add(std::move(pack));
    return staged.number;
}

void Catalog::add_locked(PackNumber pack, PackedBlob const& blob)
{
    if (index_.add(pack, blob))
        return;
    // Another process's open pack has got its name meanwhile.
    auto const known = index_.find(blob.type, blob.id);
    if (std::holds_alternative<ForeignPack>(packs_[known->pack]) && known->pack != pack)
        index_.move(pack, blob);
}

void Catalog::add(PackNumber pack, PackedBlob const& blob)
{
    std::unique_lock lock(mutex_);
    add_locked(pack, blob);
}

void Catalog::publish(PackNumber pack, PackId const& id)
{
    std::unique_lock lock(mutex_);
    packs_.publish(pack, id);
}

void Catalog::add_published(PackId const& id, std::span<PackedBlob const> blobs)
{
    std::unique_lock lock(mutex_);
    auto const known = packs_.find(id);
    auto const number = known ? *known : packs_.add(id);
    for (auto const& blob : blobs)
        add_locked(number, blob);
}

void Catalog::add_foreign(std::string const& stem, std::span<PackedBlob const> blobs)
{
    std::unique_lock lock(mutex_);
    auto [entry, is_new] = foreign_.emplace(stem, 0);
    if (is_new)
        entry->second = packs_.add(ForeignPack{stem});
    for (auto const& blob : blobs)
        (void)index_.add(entry->second, blob);
}

bool Catalog::knows_pack(PackId const& id) const
{
    std::shared_lock lock(mutex_);
    return packs_.find(id).has_value();
}

bool Catalog::knows_index(Sha256 const& id) const
{
    std::shared_lock lock(mutex_);
    return indexes_.contains(id);
}

void Catalog::note_index(Sha256 const& id)
{
    std::unique_lock lock(mutex_);
    indexes_.insert(id);
}

Catalog::Counts Catalog::counts() const
{
    std::shared_lock lock(mutex_);
    return Counts{index_.size(), index_.plain_bytes(), index_.stored_bytes(), packs_.published()};
}

} // namespace tocsin::vault
