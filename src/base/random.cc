// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/random.h"

#include <openssl/rand.h>

#include "tocsin/base/bytes.h"

namespace tocsin {

void fill_random(std::span<std::byte> into)
{
    if (RAND_bytes(reinterpret_cast<unsigned char*>(into.data()), static_cast<int>(into.size())) != 1)
        abort_on_error(Error(Errc::failed, "OpenSSL has no random bytes"));
}

std::string random_hex(std::size_t bytes)
{
    Bytes raw(bytes);
    fill_random(raw);
    return to_hex(raw);
}

} // namespace tocsin
