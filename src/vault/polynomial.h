// SPDX-License-Identifier: Apache-2.0
// vault/polynomial.h -- polynomials over GF(2), as the chunker of the restic format uses them.
//
// Bit i of the number is the coefficient of x^i. A repository's `config` names one irreducible
// polynomial of degree 53; with another one, the same file is cut in other places.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/base/result.h"

namespace tocsin::vault {

struct Polynomial {
    std::uint64_t bits = 0;

    int degree() const; // -1 for zero
    bool irreducible() const; // Ben-Or's test
    std::string hex() const; // as in `config`: lower case, no prefix, no leading zeros

    // `corrupt` unless it is an irreducible polynomial of degree 53.
    static Result<Polynomial> from_hex(std::string_view text);
    // From the system's random source.
    static Result<Polynomial> random();

    auto operator<=>(Polynomial const&) const = default;
};

inline constexpr int chunker_degree = 53;

// x mod p. REQUIRES: p is not zero.
Polynomial remainder(Polynomial x, Polynomial p);

} // namespace tocsin::vault
