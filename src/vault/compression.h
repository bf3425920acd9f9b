// SPDX-License-Identifier: Apache-2.0
// vault/compression.h -- zstd, and a cheap guess where it would be in vain.
//
// Threads: any; each call borrows a context of its own from the pool.
// Bounds: as many contexts as threads that compress at once (about 1 MiB each at level 1).
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "tocsin/base/bytes.h"

namespace tocsin::vault {

class Compression {
public:
    explicit Compression(int level);
    ~Compression();

    // Appends the compressed form to `out`.
    void compress(ByteView plain, Bytes& out);

    // The same into `room`, of which packed_bound() is enough; returns the length.
    std::size_t compress_into(ByteView plain, std::span<std::byte> room);
    static std::size_t packed_bound(std::size_t plain_bytes);

    // `corrupt` unless `packed` is one frame of exactly plain.size() bytes.
    Result<void> decompress_into(ByteView packed, std::span<std::byte> plain);

    // For a size that nobody has told; `corrupt` above `limit_bytes`.
    Result<Bytes> decompress(ByteView packed, std::size_t limit_bytes);

private:
    struct Contexts;
    class Lease;

    int level_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Contexts>> idle_;
};

// Whether compressing is worth a try: false for what looks like noise (encrypted or packed
// already) by the entropy of single bytes in a sample of at most 16 KiB. Takes microseconds.
bool looks_compressible(ByteView plain);

// Bits a byte, 0 to 8, of `bytes` taken as independent symbols.
double entropy_of(ByteView bytes);

} // namespace tocsin::vault
