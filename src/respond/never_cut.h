// SPDX-License-Identifier: Apache-2.0
// respond/never_cut.h -- addresses that are never cut off: an administrator's, a backup server's.
// Threads: any; nothing changes once it is made. Errors: of of() alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tocsin/respond/address_range.h"

namespace tocsin::respond {

class NeverCut {
public:
    // "10.0.0.5", "10.1.0.0/16", "2001:db8::/32". `invalid` for any other word.
    static Result<NeverCut> of(std::span<std::string const> words);

    bool holds(std::string const& address) const;

private:
    std::vector<AddressRange> ranges_;
};

// For who reads options: the sentence against a word that is none; empty for one that is.
std::string refuse_what_is_no_address(std::string const& word);

} // namespace tocsin::respond
