// SPDX-License-Identifier: Apache-2.0
// vault/pack.h -- the header of a pack file.
//
// pack = sealed blobs one after another | sealed header | length of the sealed header (u32).
// The header lists the blobs in their order; the offset of one is the sum of the lengths
// before it.
// Bounds: a header of 16 MiB, as restic has it. Errors: `corrupt`.
// Format: docs/formats/repository.md
#pragma once

#include <vector>

#include "tocsin/vault/blob.h"
#include "tocsin/vault/crypto.h"
#include "tocsin/vault/store.h"

namespace tocsin::vault {

inline constexpr std::size_t pack_header_max_bytes = 16 * 1024 * 1024;
inline constexpr std::size_t pack_entry_max_bytes = 41;
inline constexpr std::size_t pack_max_blobs = (pack_header_max_bytes - seal_overhead) / pack_entry_max_bytes;

// The end of a pack: sealed header and length. Read back and compared before it is returned.
// REQUIRES: the blobs lie one after another from offset 0; at most pack_max_blobs.
Result<Bytes> encode_pack_header(Cipher const& cipher, std::span<PackedBlob const> blobs);

// The entries of an opened header, of a pack with `body_bytes` before it.
Result<std::vector<PackedBlob>> parse_pack_entries(ByteView plain, std::uint64_t body_bytes);

struct PackHeader {
    std::vector<PackedBlob> blobs;
    std::uint64_t body_bytes = 0;
};
Result<PackHeader> read_pack_header(
    Store const& store, Cipher const& cipher, std::string const& name, std::uint64_t size);

} // namespace tocsin::vault
