// SPDX-License-Identifier: Apache-2.0
// base/utf8.h -- UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

struct Character {
    char32_t value = 0;
    std::size_t bytes = 0; // 1 to 4
};

// The character at the front; empty where its bytes are none. REQUIRES: `text` is not empty.
std::optional<Character> first_character(std::string_view text);

// REQUIRES: `value` is at most U+10FFFF and no surrogate.
void append_character(std::string& out, char32_t value);

bool is_utf8(std::string_view text);

} // namespace tocsin
