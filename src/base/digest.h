// SPDX-License-Identifier: Apache-2.0
// base/digest.h -- SHA-256 (FIPS 180-4) by OpenSSL, which uses the processor's instructions.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>

#include "tocsin/base/bytes.h"

struct evp_md_ctx_st;

namespace tocsin {

// 32 bytes; also how restic names blobs and files.
struct Sha256 {
    std::array<std::byte, 32> bytes{};

    std::string hex() const { return to_hex(bytes); }
    static Result<Sha256> from_hex(std::string_view text);
    static Sha256 of(ByteView data);
    auto operator<=>(Sha256 const&) const = default;
};

// One digest over many pieces. One thread at a time.
class Sha256Stream {
public:
    Sha256Stream();
    ~Sha256Stream();
    Sha256Stream(Sha256Stream&&) noexcept;
    Sha256Stream& operator=(Sha256Stream&&) noexcept;

    void update(ByteView data);
    Sha256 finish(); // afterwards the stream begins anew

private:
    evp_md_ctx_st* context_;
};

} // namespace tocsin

template <>
struct std::hash<tocsin::Sha256> {
    std::size_t operator()(tocsin::Sha256 const& digest) const noexcept
    {
        std::size_t out;
        std::memcpy(&out, digest.bytes.data(), sizeof(out));
        return out;
    }
};
