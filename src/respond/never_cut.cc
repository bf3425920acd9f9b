// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/never_cut.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace tocsin::respond {
namespace {

bool is_same_for(unsigned bits, std::span<std::uint8_t const> a, std::span<std::uint8_t const> b)
{
    auto const whole = bits / 8;
    if (!std::ranges::equal(a.first(whole), b.first(whole)))
        return false;
    unsigned const rest = bits % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

} // namespace

Result<NeverCut::Range> NeverCut::range_of(std::string const& word)
{
    Error const no_address(Errc::invalid,
        "'" + word.substr(0, 64) + "' is no address and no range, such as 10.0.0.5 or 10.1.0.0/16");
    auto const slash = word.find('/');
    Range out;
    auto const address = word.substr(0, slash);
    for (auto const family : {AF_INET, AF_INET6})
        if (::inet_pton(family, address.c_str(), out.address.data()) == 1)
            out.family = family;
    if (out.family == 0 || address.find('\0') != std::string::npos)
        return no_address;
    unsigned const all = out.family == AF_INET ? 32 : 128;
    out.bits = all;
    if (slash == std::string::npos)
        return out;
    auto const* end = word.data() + word.size();
    auto const [at, error] = std::from_chars(word.data() + slash + 1, end, out.bits);
    if (error != std::errc{} || at != end || out.bits > all)
        return no_address;
    return out;
}

Result<NeverCut> NeverCut::of(std::span<std::string const> words)
{
    NeverCut out;
    for (auto const& word : words) {
        auto range = TRY(range_of(word));
        out.ranges_.push_back(range);
    }
    return out;
}

bool NeverCut::holds(std::string const& address) const
{
    auto parsed = range_of(address);
    if (!parsed.ok())
        return false;
    auto const wanted = parsed.take();
    return std::ranges::any_of(ranges_, [&](Range const& range) {
        return range.family == wanted.family && is_same_for(range.bits, range.address, wanted.address);
    });
}

std::string refuse_what_is_no_address(std::string const& word)
{
    auto parsed = NeverCut::of(std::span(&word, 1));
    return parsed.ok() ? std::string() : parsed.error().message();
}

} // namespace tocsin::respond
