// SPDX-License-Identifier: Apache-2.0
#include "simulator/pattern.h"

#include <algorithm>

namespace tocsin::simulator {

std::vector<Range> ranges_of(Pattern const& pattern, std::uint64_t file_bytes)
{
    std::vector<Range> out;
    std::uint64_t const period = pattern.units_on + pattern.units_off;
    std::uint64_t const first = pattern.magic == Magic::kept ? magic_bytes : 0;
    for (std::uint64_t unit = 0, offset = first; offset < file_bytes; ++unit, offset += pattern.unit_bytes) {
        if (pattern.part == Part::head && unit > 0)
            break;
        if (unit % period < pattern.units_on)
            out.push_back({offset, std::min(pattern.unit_bytes, file_bytes - offset)});
    }
    return out;
}

} // namespace tocsin::simulator
