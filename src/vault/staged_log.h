// SPDX-License-Identifier: Apache-2.0
// vault/staged_log.h -- the record log beside a pack that is still open.
//
// A pack says what is in it only at its end. Until that is written, a log beside it says so:
// a header, then one sealed record of fixed size for each blob, written after the blob's bytes.
// Ids are hashes of plaintext, so records are sealed as pack headers are.
// Bounds: 80 bytes a blob. Errors: `unsupported` for another version; a record that does not
// open ends the log.
// Format: docs/formats/repository.md
#pragma once

#include <vector>

#include "tocsin/vault/blob.h"
#include "tocsin/vault/crypto.h"

namespace tocsin::vault {

inline constexpr std::size_t log_header_bytes = 16;
inline constexpr std::size_t log_record_bytes = 48 + seal_overhead;

Bytes encode_log_header();
Bytes encode_log_record(Cipher const& cipher, PackedBlob const& blob);

// The records of a log, up to the first that is torn or not ours. An empty or torn header is
// an empty log.
Result<std::vector<PackedBlob>> decode_log(Cipher const& cipher, ByteView log);

} // namespace tocsin::vault
