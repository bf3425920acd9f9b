// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/utf8.h"

namespace tocsin {

std::optional<Character> first_character(std::string_view text)
{
    auto const first = static_cast<unsigned char>(text[0]);
    if (first < 0x80)
        return Character{first, 1};
    std::size_t const bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes)
        return {};
    char32_t value = first & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        auto const next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80)
            return {};
        value = (value << 6) | (next & 0x3F);
    }
    bool const overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return {};
    return Character{value, bytes};
}

void append_character(std::string& out, char32_t value)
{
    auto const put = [&](char32_t bits) { out += static_cast<char>(bits); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | value >> 6);
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | value >> 12);
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | value >> 18);
        put(0x80 | ((value >> 12) & 0x3F));
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        auto const character = first_character(text);
        if (!character)
            return false;
        text.remove_prefix(character->bytes);
    }
    return true;
}

} // namespace tocsin
