// SPDX-License-Identifier: Apache-2.0
// vault/blob_codec.h -- a blob between its plain and its stored form.
//
// Stored = sealed (zstd frame, or the bytes themselves where compression does not pay).
// Borrows the cipher and the compression. Threads: any; pure but for time.
#pragma once

#include "tocsin/vault/blob.h"
#include "tocsin/vault/compression.h"
#include "tocsin/vault/crypto.h"

namespace tocsin::vault {

struct StoredBlob {
    Bytes bytes;
    std::uint32_t plain_length = 0; // 0: not compressed
};

class BlobCodec {
public:
    BlobCodec(Cipher const& cipher, Compression& compression) : cipher_(cipher), compression_(compression) { }

    // The result was opened again and compared with `plain`. REQUIRES: plain.size() is at most
    // blob_max_bytes. `failed` when it compares different: memory is broken.
    Result<StoredBlob> encode(BlobType type, ByteView plain) const;

    // `corrupt` unless the bytes are what was sealed and their hash is `id`.
    Result<Bytes> decode(ByteView stored, std::uint32_t plain_length, BlobId const& id) const;

private:
    Result<Bytes> open(ByteView stored, std::uint32_t plain_length) const;

    Cipher const& cipher_;
    Compression& compression_;
};

} // namespace tocsin::vault
