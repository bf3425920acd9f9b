// SPDX-License-Identifier: Apache-2.0
// base/random.h -- bytes nobody can guess, for keys, nonces and names.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tocsin {

// From OpenSSL's generator. Aborts when the system has no random source: going on without
// would repeat nonces, which gives the plaintext away.
void fill_random(std::span<std::byte> into);

std::string random_hex(std::size_t bytes);

} // namespace tocsin
