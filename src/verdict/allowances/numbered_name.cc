// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/numbered_name.h"

#include <charconv>

namespace tocsin::verdict {

std::optional<NumberedName> numbered(std::string_view name)
{
    auto const dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return {};
    NumberedName out{name.substr(0, dot + 1), 0};
    auto const digits = name.substr(dot + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
    if (error != std::errc() || end != digits.data() + digits.size())
        return {};
    return out;
}

} // namespace tocsin::verdict
