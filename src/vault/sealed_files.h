// SPDX-License-Identifier: Apache-2.0
// vault/sealed_files.h -- the small files of a repository: config, snapshots, indexes, locks.
//
// Each is JSON, compressed (byte 2, then a zstd frame; the config is not), sealed, and named by
// the hash of its bytes.
// Borrows the store, cipher and compression. Threads: any. Bounds: 512 MiB of JSON.
#pragma once

#include "tocsin/vault/compression.h"
#include "tocsin/vault/crypto.h"
#include "tocsin/vault/store.h"

#include "tocsin/base/digest.h"

namespace tocsin::vault {

class SealedFiles {
public:
    SealedFiles(Store& store, Cipher const& cipher, Compression& compression)
        : store_(store), cipher_(cipher), compression_(compression)
    {
    }

    // Durable on return. What is written was read back first.
    Result<Sha256> put(FileKind kind, std::string_view json) const;
    Result<void> put_config(std::string_view json) const;

    // `corrupt` when its name is not its hash, or the bytes are not what was sealed.
    Result<Bytes> get(FileKind kind, Sha256 const& id) const;
    Result<Bytes> get_config() const;

private:
    Store& store_;
    Cipher const& cipher_;
    Compression& compression_;
};

// What an opened file holds: JSON as it is, or compressed.
Result<Bytes> unpack_json(Compression& compression, Bytes opened);

} // namespace tocsin::vault
