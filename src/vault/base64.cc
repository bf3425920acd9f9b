// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/base64.h"

#include <array>

namespace tocsin::vault {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values()
{
    std::array<std::int8_t, 256> out{};
    out.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return out;
}
constexpr auto values = make_values();

} // namespace

std::string to_base64(ByteView bytes)
{
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto const left = bytes.size() - at;
        std::uint32_t group = std::to_integer<std::uint32_t>(bytes[at]) << 16;
        if (left > 1)
            group |= std::to_integer<std::uint32_t>(bytes[at + 1]) << 8;
        if (left > 2)
            group |= std::to_integer<std::uint32_t>(bytes[at + 2]);
        out += alphabet[group >> 18];
        out += alphabet[(group >> 12) & 63];
        out += left > 1 ? alphabet[(group >> 6) & 63] : '=';
        out += left > 2 ? alphabet[group & 63] : '=';
    }
    return out;
}

Result<Bytes> from_base64(std::string_view text)
{
    Error const bad(Errc::corrupt, "not base64");
    if (text.size() % 4 != 0)
        return bad;
    std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    Bytes out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const is_padding = i >= text.size() - padding;
        int const value = is_padding ? 0 : values[static_cast<unsigned char>(text[i])];
        if (value < 0)
            return bad;
        group = (group << 6) | static_cast<std::uint32_t>(value);
        if (i % 4 == 3) {
            for (int shift = 16; shift >= 0; shift -= 8)
                out.push_back(static_cast<std::byte>(group >> shift));
            group = 0;
        }
    }
    out.resize(out.size() - padding);
    if (to_base64(out) != text) // bits set under the padding
        return bad;
    return out;
}

} // namespace tocsin::vault
