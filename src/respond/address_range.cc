// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/address_range.h"

#include <algorithm>
#include <arpa/inet.h>

#include "tocsin/base/number.h"

namespace tocsin::respond {
namespace {

// What is beyond `bits` is no part of a range's name.
void clear_beyond(unsigned bits, std::array<std::uint8_t, 16>& address)
{
    auto const whole = bits / 8;
    for (auto i = whole; i < address.size(); ++i)
        address[i] &= i == whole ? static_cast<std::uint8_t>(0xff00U >> (bits % 8)) : std::uint8_t{0};
}

} // namespace

Result<AddressRange> AddressRange::parse(std::string const& word)
{
    Error const no_address(Errc::invalid,
        "'" + word.substr(0, 64) + "' is no address and no range, such as 10.0.0.5 or 10.1.0.0/16");
    AddressRange out;
    auto const slash = word.find('/');
    auto const address = word.substr(0, slash);
    for (auto const family : {AF_INET, AF_INET6})
        if (::inet_pton(family, address.c_str(), out.address.data()) == 1)
            out.family = family;
    if (out.family == 0 || address.find('\0') != std::string::npos)
        return no_address;
    out.bits = out.all_bits();
    if (slash == std::string::npos)
        return out;
    if (!to_number(std::string_view(word).substr(slash + 1), out.bits) || out.bits > out.all_bits())
        return no_address;
    clear_beyond(out.bits, out.address);
    return out;
}

unsigned AddressRange::all_bits() const
{
    return family == AF_INET ? 32 : 128;
}

bool AddressRange::holds(AddressRange const& other) const
{
    auto first = other.address;
    clear_beyond(bits, first);
    return family == other.family && bits <= other.bits && first == address;
}

std::string AddressRange::text() const
{
    std::array<char, INET6_ADDRSTRLEN> written{};
    ::inet_ntop(family, address.data(), written.data(), written.size());
    std::string out(written.data());
    return bits == all_bits() ? out : out + "/" + std::to_string(bits);
}

} // namespace tocsin::respond
