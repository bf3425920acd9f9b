// SPDX-License-Identifier: Apache-2.0
// base/bytes.h -- byte strings, hexadecimal, and a bounded little-endian reader and writer.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<std::byte const>;

inline ByteView as_bytes(std::string_view text)
{
    return std::as_bytes(std::span(text));
}
inline std::string_view as_text(ByteView bytes)
{
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view)
{
    return {view.begin(), view.end()};
}

std::string to_hex(ByteView bytes);

// Lower or upper case digits, an even number of them; anything else is `invalid`.
Result<Bytes> from_hex(std::string_view text);

// Appends fixed-width little-endian integers, varints and length-prefixed byte strings.
class ByteWriter {
public:
    template <std::unsigned_integral T>
    void fixed(T value)
    {
        static_assert(std::endian::native == std::endian::little);
        auto raw = std::as_bytes(std::span(&value, 1));
        out_.insert(out_.end(), raw.begin(), raw.end());
    }
    void varint(std::uint64_t value); // LEB128, at most 10 bytes
    void signed_varint(std::int64_t value); // zigzag
    void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void sized(ByteView bytes);
    void sized(std::string_view text) { sized(as_bytes(text)); }

    Bytes take() { return std::move(out_); }
    Bytes const& bytes() const { return out_; }

private:
    Bytes out_;
};

// Reads what a ByteWriter wrote. Borrows the input. Every read past the end, and every
// length above what is left, is `corrupt`; nothing is allocated from an unchecked length.
class ByteReader {
public:
    explicit ByteReader(ByteView input) : rest_(input) { }

    template <std::unsigned_integral T>
    Result<T> fixed()
    {
        if (rest_.size() < sizeof(T))
            return Error(Errc::corrupt, "input ends inside a number");
        T value;
        std::memcpy(&value, rest_.data(), sizeof(T));
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }
    Result<std::uint64_t> varint();
    Result<std::int64_t> signed_varint();
    Result<ByteView> raw(std::size_t size);
    Result<ByteView> sized(); // borrows from the input
    Result<std::string> text();

    // A count of items of which each takes at least `item_bytes` in the input.
    Result<std::size_t> count(std::size_t item_bytes);

    std::size_t left() const { return rest_.size(); }

private:
    ByteView rest_;
};

} // namespace tocsin
