// SPDX-License-Identifier: Apache-2.0
// vault/staged_pack.h -- a pack that is still written to, safe against the death of its writer.
//
// Two files in staging/: NAME.pack with the sealed blobs, NAME.log with a record of each. Once
// append() has returned, the kernel holds both: whoever opens the repository next finds the
// blob, although the pack has no header yet.
// Owns both files. Threads: append() and seal() from one at a time; read() beside them.
// Errors: `full` leaves everything as before, and what is in the pack stays readable.
#pragma once

#include <memory>
#include <mutex>

#include "tocsin/vault/blob_codec.h"
#include "tocsin/vault/index.h"
#include "tocsin/vault/pack.h"

namespace tocsin::vault {

class StagedPack {
public:
    static Result<std::unique_ptr<StagedPack>> create(Store& store, Cipher const& cipher, BlobType type);

    struct Recovered {
        std::vector<std::unique_ptr<StagedPack>> packs;
        std::uint64_t lost_blobs = 0; // recorded, but their bytes are not what they were
    };
    // What a dead writer left: verifies every blob and cuts what is torn. After a power failure
    // blobs behind a hole can be whole; they move to a second pack. Files with nothing left in
    // them are removed. `again` while its writer lives.
    static Result<Recovered> recover(
        Store& store, Cipher const& cipher, BlobCodec const& codec, std::string const& stem);

    // Fills in the offset. REQUIRES: not sealed.
    Result<PackedBlob> append(PackedBlob blob, ByteView stored);
    Result<Bytes> read(std::uint32_t offset, std::uint32_t length) const;

    // Writes the header, gives the pack its name, and removes the log. On error it is as
    // before and may be sealed again.
    Result<PackId> seal();

    BlobType type() const { return type_; }
    std::vector<PackedBlob> const& blobs() const { return blobs_; }
    std::uint64_t body_bytes() const;
    // As full as `pack_bytes` asks for, or as the format allows.
    bool is_full(std::size_t pack_bytes) const;
    Result<void> discard();

    // Its place in the pack table; the pack itself does not use it.
    PackNumber number = 0;

private:
    StagedPack(Cipher const& cipher, BlobType type, std::unique_ptr<StagedFile> log,
        std::unique_ptr<StagedFile> file)
        : cipher_(cipher), type_(type), log_(std::move(log)), file_(std::move(file))
    {
    }
    struct Survivor;
    Result<std::uint64_t> verify(
        BlobCodec const& codec, std::span<PackedBlob const> records, std::vector<Survivor>& behind_a_hole);
    Result<void> cut_to_blobs();
    Result<Sha256> hash_file() const;

    Cipher const& cipher_;
    BlobType type_;
    std::unique_ptr<StagedFile> log_;
    std::unique_ptr<StagedFile> file_;
    std::vector<PackedBlob> blobs_;
};

inline constexpr std::string_view pack_suffix = ".pack";
inline constexpr std::string_view log_suffix = ".log";

} // namespace tocsin::vault
