// SPDX-License-Identifier: Apache-2.0
// vault/crypto.h -- restic's envelope: AES-256-CTR and Poly1305-AES.
//
// sealed = IV (16, random) | ciphertext | MAC (16, over the ciphertext). The MAC's one-time key
// is r | AES-128_k(IV). Whoever holds the key can read and forge; nobody else can do either.
// Threads: any. Errors: `corrupt` when the bytes are not what was sealed with this key.
#pragma once

#include <array>
#include <memory>

#include "tocsin/base/bytes.h"

namespace tocsin::vault {

inline constexpr std::size_t iv_bytes = 16;
inline constexpr std::size_t mac_bytes = 16;
inline constexpr std::size_t seal_overhead = iv_bytes + mac_bytes;

// Zeroed when it goes out of use.
struct KeyMaterial {
    std::array<std::byte, 32> encrypt{};
    std::array<std::byte, 16> mac_k{};
    std::array<std::byte, 16> mac_r{};

    KeyMaterial() = default;
    KeyMaterial(KeyMaterial const&) = default;
    KeyMaterial& operator=(KeyMaterial const&) = default;
    ~KeyMaterial();

    static KeyMaterial random();
    bool valid() const; // no part is all zeros
};

class Cipher {
public:
    explicit Cipher(KeyMaterial const& key);
    ~Cipher();
    Cipher(Cipher&&) noexcept;
    Cipher& operator=(Cipher&&) noexcept;

    KeyMaterial const& key() const { return key_; }

    Bytes seal(ByteView plain) const;
    // As seal(). REQUIRES: sealed.size() == plain.size() + seal_overhead; no overlap.
    void seal_into(ByteView plain, std::span<std::byte> sealed) const;

    Result<Bytes> open(ByteView sealed) const;
    // Whether open() would succeed and give `plain`; without room for it.
    bool opens_to(ByteView sealed, ByteView plain) const;
    // As open(), into `plain`. REQUIRES: plain.size() == sealed.size() - seal_overhead.
    Result<void> open_into(ByteView sealed, std::span<std::byte> plain) const;

private:
    struct Algorithms;
    class Keystream;
    std::array<std::byte, mac_bytes> mac(ByteView iv, ByteView ciphertext) const;

    KeyMaterial key_;
    std::unique_ptr<Algorithms> algorithms_;
};

} // namespace tocsin::vault
