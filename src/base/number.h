// SPDX-License-Identifier: Apache-2.0
// base/number.h -- a whole number from text.
#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

namespace tocsin {

// All of the text has to be digits; before those of a signed number may be a minus. False where it is none or
// does not fit: `out` may be set all the same.
template <typename Number>
bool to_number(std::string_view text, int base, Number& out)
{
    auto const* end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, out, base);
    return error == std::errc{} && at == end;
}

template <typename Number>
bool to_number(std::string_view text, Number& out)
{
    return to_number(text, 10, out);
}

} // namespace tocsin
