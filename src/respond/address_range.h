// SPDX-License-Identifier: Apache-2.0
// respond/address_range.h -- an IPv4 or IPv6 address, or a range of them, as people write it.
// Threads: any; a value. Errors: of parse() alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tocsin/base/result.h"

namespace tocsin::respond {

struct AddressRange {
    int family = 0; // AF_INET or AF_INET6
    std::array<std::uint8_t, 16> address{}; // in the network's order; of a range, its first
    unsigned bits = 0; // of the address, that have to be the same

    // "10.0.0.5", "10.1.0.0/16", "2001:db8::/32". `invalid` for any other word.
    static Result<AddressRange> parse(std::string const& word);

    unsigned all_bits() const;
    bool holds(AddressRange const& other) const; // all of it
    // As inet_ntop(3) writes it, and nothing but what that writes and the number of bits.
    std::string text() const;

    bool operator==(AddressRange const&) const = default;
};

} // namespace tocsin::respond
