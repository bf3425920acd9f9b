// SPDX-License-Identifier: Apache-2.0
// vault/index_file.h -- the JSON of an index file: which blobs lie where in which packs.
//
// Bounds: what parse_json() takes; a file of ours names at most index_file_max_blobs blobs (and
// always a whole pack). Errors: `corrupt`.
#pragma once

#include <string>
#include <vector>

#include "tocsin/vault/blob.h"

namespace tocsin::vault {

struct IndexedPack {
    PackId id;
    std::vector<PackedBlob> blobs;
};

inline constexpr std::size_t index_file_max_blobs = 50'000;

std::string encode_index(std::span<IndexedPack const> packs);
Result<std::vector<IndexedPack>> decode_index(ByteView json);

} // namespace tocsin::vault
