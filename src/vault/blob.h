// SPDX-License-Identifier: Apache-2.0
// vault/blob.h -- the words all of the vault shares: a blob, its name, its place in a pack.
#pragma once

#include "tocsin/base/digest.h"

namespace tocsin::vault {

using BlobId = Sha256; // of the plaintext
using PackId = Sha256; // of the file's bytes

// As pack headers have it; never renumber.
enum class BlobType : std::uint8_t { data = 0, tree = 1 };
inline constexpr BlobType blob_types[] = {BlobType::data, BlobType::tree};

struct PackedBlob {
    BlobId id;
    BlobType type = BlobType::data;
    std::uint32_t offset = 0;
    std::uint32_t length = 0; // as stored: sealed, perhaps compressed
    std::uint32_t plain_length = 0; // 0: stored as it is, not compressed

    bool compressed() const { return plain_length != 0; }
    std::uint64_t plain_bytes() const; // REQUIRES: length >= seal_overhead
    auto operator<=>(PackedBlob const&) const = default;
};

// The longest blob we load, plain or stored: far above a data chunk, enough for the tree of a
// directory with a million names.
inline constexpr std::uint32_t blob_max_bytes = 1U << 30;

} // namespace tocsin::vault
