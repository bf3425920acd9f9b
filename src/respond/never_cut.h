// SPDX-License-Identifier: Apache-2.0
// respond/never_cut.h -- addresses that are never cut off: an administrator's, a backup server's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::respond {

class NeverCut {
public:
    // "10.0.0.5", "10.1.0.0/16", "2001:db8::/32". `invalid` for any other word.
    static Result<NeverCut> of(std::span<std::string const> words);

    bool holds(std::string const& address) const;

private:
    struct Range {
        int family = 0;
        std::array<std::uint8_t, 16> address{};
        unsigned bits = 0; // of the address, that have to be the same
    };
    static Result<Range> range_of(std::string const& word);

    std::vector<Range> ranges_;
};

// For who reads options: the sentence against a word that is none; empty for one that is.
std::string refuse_what_is_no_address(std::string const& word);

} // namespace tocsin::respond
