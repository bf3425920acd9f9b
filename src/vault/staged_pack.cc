// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/staged_pack.h"

#include <algorithm>

#include "tocsin/base/random.h"
#include "tocsin/vault/staged_log.h"

namespace tocsin::vault {
namespace {

// No pack of ours comes near; a bound for what recovery takes into memory.
constexpr std::uint64_t recovery_limit_bytes = 1ULL << 32;

} // namespace

struct StagedPack::Survivor {
    PackedBlob blob;
    Bytes stored;
};

Result<std::unique_ptr<StagedPack>> StagedPack::create(Store& store, Cipher const& cipher, BlobType type)
{
    auto const stem = random_hex(16);
    // The log first: a pack without one holds nothing that was acknowledged.
    auto log = TRY(store.create_staged(stem + std::string(log_suffix)));
    auto file = store.create_staged(stem + std::string(pack_suffix));
    if (!file.ok()) {
        (void)log->discard();
        return file.take_error();
    }
    auto pack = std::unique_ptr<StagedPack>(new StagedPack(cipher, type, std::move(log), file.take()));
    auto begun = pack->log_->append(encode_log_header());
    if (!begun.ok()) {
        (void)pack->discard();
        return begun.take_error();
    }
    return pack;
}

std::uint64_t StagedPack::body_bytes() const
{
    return blobs_.empty() ? 0 : std::uint64_t{blobs_.back().offset} + blobs_.back().length;
}

bool StagedPack::is_full(std::size_t pack_bytes) const
{
    return body_bytes() >= pack_bytes || blobs_.size() >= pack_max_blobs;
}

Result<PackedBlob> StagedPack::append(PackedBlob blob, ByteView stored)
{
    auto const before = body_bytes();
    if (before + stored.size() > UINT32_MAX)
        return Error(Errc::full, "the pack is full");
    if (file_->size() != before)
        TRY(file_->truncate(before)); // an undo that failed
    blob.offset = static_cast<std::uint32_t>(before);
    blob.length = static_cast<std::uint32_t>(stored.size());
    TRY(file_->append(stored));
    auto logged = log_->append(encode_log_record(cipher_, blob));
    if (!logged.ok()) {
        (void)file_->truncate(before);
        return logged.take_error();
    }
    blobs_.push_back(blob);
    return blob;
}

Result<Bytes> StagedPack::read(std::uint32_t offset, std::uint32_t length) const
{
    return file_->read_at(offset, length);
}

Result<void> StagedPack::discard()
{
    TRY(file_->discard());
    return log_->discard();
}

Result<Sha256> StagedPack::hash_file() const
{
    constexpr std::uint64_t step = 1 << 20;
    Sha256Stream hash;
    for (std::uint64_t at = 0; at < file_->size(); at += step) {
        auto const piece =
            TRY(file_->read_at(at, static_cast<std::size_t>(std::min(step, file_->size() - at))));
        hash.update(piece);
    }
    return hash.finish();
}

Result<PackId> StagedPack::seal()
{
    auto const header = TRY(encode_pack_header(cipher_, blobs_));
    if (file_->size() != body_bytes())
        TRY(file_->truncate(body_bytes()));
    TRY(file_->append(header));
    auto published = [&]() -> Result<PackId> {
        auto const id = TRY(hash_file());
        TRY(file_->publish(FileKind::pack, id.hex()));
        return id;
    }();
    if (!published.ok()) {
        (void)file_->truncate(body_bytes());
        return std::move(published).context("seal pack");
    }
    // A log whose pack is gone from staging/ says nothing; recovery removes it too.
    (void)log_->discard();
    return published;
}

// Keeps the records whose blobs are whole and follow each other from the beginning; hands out
// whole ones behind a hole. Returns how many are lost.
Result<std::uint64_t> StagedPack::verify(
    BlobCodec const& codec, std::span<PackedBlob const> records, std::vector<Survivor>& behind_a_hole)
{
    std::uint64_t lost = 0;
    for (auto const& record : records) {
        auto read = file_->read_at(record.offset, record.length);
        if (!read.ok() && read.error().code() != Errc::corrupt)
            return read.take_error();
        auto stored = read.ok() ? read.take() : Bytes();
        if (!codec.decode(stored, record.plain_length, record.id).ok())
            ++lost;
        else if (record.offset == body_bytes())
            blobs_.push_back(record);
        else
            behind_a_hole.push_back({record, std::move(stored)});
    }
    return lost;
}

Result<void> StagedPack::cut_to_blobs()
{
    TRY(file_->truncate(body_bytes()));
    return log_->truncate(log_header_bytes + blobs_.size() * log_record_bytes);
}

Result<StagedPack::Recovered> StagedPack::recover(
    Store& store, Cipher const& cipher, BlobCodec const& codec, std::string const& stem)
{
    auto log = TRY(store.open_staged(stem + std::string(log_suffix)));
    auto file = store.open_staged(stem + std::string(pack_suffix));
    if (!file.ok()) {
        if (file.error().code() != Errc::not_found)
            return file.take_error();
        TRY(log->discard()); // its pack was published
        return Recovered{};
    }
    auto pack =
        std::unique_ptr<StagedPack>(new StagedPack(cipher, BlobType::data, std::move(log), file.take()));
    if (pack->file_->size() > recovery_limit_bytes || pack->log_->size() > recovery_limit_bytes)
        return Error(Errc::corrupt, "a staged pack is larger than any of ours");
    auto const log_bytes = TRY(pack->log_->read_at(0, static_cast<std::size_t>(pack->log_->size())));
    auto const records = TRY(decode_log(cipher, log_bytes));
    if (!records.empty())
        pack->type_ = records.front().type;

    Recovered out;
    std::vector<Survivor> behind_a_hole;
    out.lost_blobs = TRY(pack->verify(codec, records, behind_a_hole));
    if (!behind_a_hole.empty()) {
        auto second = TRY(create(store, cipher, pack->type_));
        for (auto const& survivor : behind_a_hole)
            TRY(second->append(survivor.blob, survivor.stored));
        out.packs.push_back(std::move(second));
    }
    if (pack->blobs_.empty()) {
        TRY(pack->discard());
    } else {
        TRY(pack->cut_to_blobs());
        out.packs.push_back(std::move(pack));
    }
    return out;
}

} // namespace tocsin::vault
