// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/polynomial.h"

#include <bit>
#include <charconv>
#include <fmt/format.h>

#include "tocsin/base/random.h"

namespace tocsin::vault {
namespace {

Polynomial greatest_common_divisor(Polynomial a, Polynomial b)
{
    while (b.bits != 0) {
        auto rest = remainder(a, b);
        a = b;
        b = rest;
    }
    return a;
}

// a * b mod p, for a and b of a degree below p's.
Polynomial multiply(Polynomial a, Polynomial b, Polynomial p)
{
    auto const top = std::uint64_t{1} << p.degree();
    Polynomial out;
    for (int bit = p.degree() - 1; bit >= 0; --bit) {
        out.bits <<= 1;
        if ((out.bits & top) != 0)
            out.bits ^= p.bits;
        if (((b.bits >> bit) & 1) != 0)
            out.bits ^= a.bits;
    }
    return out;
}

} // namespace

int Polynomial::degree() const
{
    return 63 - std::countl_zero(bits);
}

Polynomial remainder(Polynomial x, Polynomial p)
{
    int const degree = p.degree();
    for (int at = x.degree(); at >= degree; at = x.degree())
        x.bits ^= p.bits << (at - degree);
    return x;
}

bool Polynomial::irreducible() const
{
    if (degree() < 1 || degree() > 62)
        return false;
    Polynomial power{2}; // x^(2^i) mod *this
    if (degree() == 1)
        return true;
    for (int i = 1; i <= degree() / 2; ++i) {
        power = multiply(power, power, *this);
        if (greatest_common_divisor(*this, Polynomial{power.bits ^ 2}).bits != 1)
            return false;
    }
    return true;
}

std::string Polynomial::hex() const
{
    return fmt::format("{:x}", bits);
}

Result<Polynomial> Polynomial::from_hex(std::string_view text)
{
    Polynomial out;
    auto const* end = text.data() + text.size();
    auto [ptr, ec] = std::from_chars(text.data(), end, out.bits, 16);
    if (ec != std::errc{} || ptr != end)
        return Error(Errc::corrupt, "the chunker polynomial is not a hexadecimal number");
    if (out.degree() != chunker_degree || !out.irreducible())
        return Error(Errc::corrupt, "the chunker polynomial is not irreducible of degree 53");
    return out;
}

Result<Polynomial> Polynomial::random()
{
    // One in 53 is irreducible: after a million tries the random source is broken.
    for (int tries = 0; tries < 1'000'000; ++tries) {
        std::uint64_t raw = 0;
        fill_random(std::as_writable_bytes(std::span(&raw, 1)));
        Polynomial const candidate{(raw & ((1ULL << 54) - 1)) | (1ULL << chunker_degree) | 1};
        if (candidate.irreducible())
            return candidate;
    }
    return Error(Errc::failed, "no irreducible polynomial found in a million tries");
}

} // namespace tocsin::vault
