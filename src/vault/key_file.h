// SPDX-License-Identifier: Apache-2.0
// vault/key_file.h -- the master key, wrapped by a password; and the repository's config.
//
// A key file is JSON in the clear: scrypt's parameters and salt, and the master key sealed
// with what scrypt makes of the password. Any number of them may wrap the same master key.
#pragma once

#include <chrono>

#include "tocsin/base/clock.h"
#include "tocsin/vault/crypto.h"
#include "tocsin/vault/polynomial.h"

namespace tocsin::vault {

struct ScryptCost {
    std::uint64_t n = 32768; // a power of two; memory is 128 * n * r bytes
    std::uint32_t r = 8;
    std::uint32_t p = 1;

    // As restic does: 32 MiB, and as many rounds as take about `target` on this machine.
    static ScryptCost calibrated(std::chrono::milliseconds target);
    // For tests: no protection at all.
    static ScryptCost minimal() { return {2, 1, 1}; }
};

// Bounds on the parameters of a key file: 1 GiB of memory, 2^26 blocks of work.
Result<KeyMaterial> derive_key(std::string_view password, ByteView salt, ScryptCost cost);

struct KeyFile {
    WallTime created;
    std::string username;
    std::string hostname;
    ScryptCost cost;
    Bytes salt;
    Bytes data; // the sealed master key
};

std::string encode_key_file(KeyFile const& file);
Result<KeyFile> decode_key_file(ByteView bytes);

Result<KeyFile> wrap_master_key(KeyMaterial const& master, std::string_view password, ScryptCost cost);
// `denied` for another password.
Result<KeyMaterial> unwrap_master_key(KeyFile const& file, std::string_view password);

struct Config {
    std::uint64_t version = 2;
    std::string id; // 64 random hexadecimal digits
    Polynomial polynomial;

    static Result<Config> random();
};

std::string encode_config(Config const& config);
Result<Config> decode_config(ByteView bytes);

} // namespace tocsin::vault
