// SPDX-License-Identifier: Apache-2.0
// vault/blob_codec.h -- a blob between its plain and its stored form.
//
// Stored = sealed (zstd frame, or the bytes themselves where compression does not pay).
// Borrows the cipher and the compression. Threads: any.
// Bounds: as many sets of buffers as threads that encode at once, each of at most 6 MiB while
// it waits for the next.
#pragma once

#include "tocsin/vault/blob.h"
#include "tocsin/vault/compression.h"
#include "tocsin/vault/crypto.h"

namespace tocsin::vault {

class BlobCodec {
    // Kept between blobs: fresh memory of a megabyte costs more than sealing it.
    struct Buffers {
        Bytes packed;
        Bytes sealed;
        Bytes plain;
    };
    struct GiveBack {
        BlobCodec const* codec;
        void operator()(Buffers* buffers) const;
    };
    using Lease = std::unique_ptr<Buffers, GiveBack>;

public:
    BlobCodec(Cipher const& cipher, Compression& compression) : cipher_(cipher), compression_(compression) { }

    // Borrows its bytes from the codec until it is destroyed.
    class Stored {
    public:
        ByteView bytes() const { return ByteView(buffers_->sealed).first(size_); }
        std::uint32_t plain_length() const { return plain_length_; } // 0: not compressed

    private:
        friend class BlobCodec;
        explicit Stored(Lease buffers) : buffers_(std::move(buffers)) { }
        Lease buffers_;
        std::size_t size_ = 0;
        std::uint32_t plain_length_ = 0;
    };

    // The result was opened and unpacked again, and compared with `plain`. REQUIRES:
    // plain.size() is at most blob_max_bytes. `failed` when it compares different: memory is
    // broken.
    Result<Stored> encode(BlobType type, ByteView plain) const;

    // `corrupt` unless the bytes are what was sealed and their hash is `id`.
    Result<Bytes> decode(ByteView stored, std::uint32_t plain_length, BlobId const& id) const;

private:
    Lease take_buffers() const;
    ByteView pack(BlobType type, ByteView plain, Buffers& buffers) const;
    bool unpacks_to(ByteView packed, ByteView plain, Buffers& buffers) const;

    Cipher const& cipher_;
    Compression& compression_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Buffers>> idle_;
};

} // namespace tocsin::vault
