// SPDX-License-Identifier: Apache-2.0
// respond/allowed.h -- whom an isolated host still talks to: ADDRESS[/BITS][:PORT].
//
// With a port it is a service there: what goes to that port over TCP or UDP, and what comes back from it; nothing
// there can open a TCP connection to this host. Without one, all that is exchanged with the address.
// An IPv6 address with a port stands in brackets: [2001:db8::1]:443, [2001:db8::]/32:443.
// Threads: any; a value. Errors: of parse() alone.
#pragma once

#include <cstdint>
#include <string>

#include "tocsin/respond/address_range.h"

namespace tocsin::respond {

struct Allowed {
    AddressRange range;
    std::uint16_t port = 0; // at the other side; 0: all of them

    // `invalid` for any other word, for a range that holds everybody, and for IPv4 that is written as IPv6: no
    // packet carries it.
    static Result<Allowed> parse(std::string const& word);

    std::string text() const;

    bool operator==(Allowed const&) const = default;
};

// For who reads options: the sentence against a word that is none; empty for one that is.
std::string refuse_what_cannot_be_allowed(std::string const& word);

} // namespace tocsin::respond
