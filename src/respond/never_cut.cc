// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/never_cut.h"

#include <algorithm>

namespace tocsin::respond {

Result<NeverCut> NeverCut::of(std::span<std::string const> words)
{
    NeverCut out;
    for (auto const& word : words) {
        auto range = TRY(AddressRange::parse(word));
        out.ranges_.push_back(range);
    }
    return out;
}

bool NeverCut::holds(std::string const& address) const
{
    auto parsed = AddressRange::parse(address);
    if (!parsed.ok())
        return false;
    auto const wanted = parsed.take();
    return std::ranges::any_of(ranges_, [&](AddressRange const& range) { return range.holds(wanted); });
}

std::string refuse_what_is_no_address(std::string const& word)
{
    auto parsed = AddressRange::parse(word);
    return parsed.ok() ? std::string() : parsed.error().message();
}

} // namespace tocsin::respond
