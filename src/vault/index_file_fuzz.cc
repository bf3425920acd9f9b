// SPDX-License-Identifier: Apache-2.0
// An index file's JSON: what is taken is written and read back the same.
#include <cstdlib>

#include "tocsin/vault/index_file.h"

using namespace tocsin;
using namespace tocsin::vault;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto decoded = decode_index(std::as_bytes(std::span(data, size)));
    if (!decoded.ok())
        return 0;
    auto const packs = decoded.take();
    auto const again = decode_index(as_bytes(encode_index(packs))).take();
    if (again.size() != packs.size())
        std::abort();
    for (std::size_t i = 0; i < packs.size(); ++i) {
        if (again[i].id != packs[i].id || again[i].blobs != packs[i].blobs)
            std::abort();
    }
    return 0;
}
