// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/size.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace tocsin {

namespace {

constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

} // namespace

std::string size_words(std::uint64_t bytes)
{
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < units.size(); ++unit)
        value /= 1024;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

} // namespace tocsin
