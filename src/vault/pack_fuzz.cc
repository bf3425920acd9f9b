// SPDX-License-Identifier: Apache-2.0
// The entries of an opened pack header: what is taken is written back the same.
#include <algorithm>

#include "tocsin/vault/pack.h"

using namespace tocsin;
using namespace tocsin::vault;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto parsed = parse_pack_entries(std::as_bytes(std::span(data, size)), UINT32_MAX);
    if (!parsed.ok())
        return 0;
    auto const blobs = parsed.take();
    Cipher const cipher(KeyMaterial::random());
    auto const header = encode_pack_header(cipher, blobs).take();
    auto const plain = cipher.open(ByteView(header).first(header.size() - 4)).take();
    if (!std::ranges::equal(plain, std::as_bytes(std::span(data, size))))
        std::abort();
    return 0;
}
