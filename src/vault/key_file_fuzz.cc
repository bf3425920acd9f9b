// SPDX-License-Identifier: Apache-2.0
// All small JSON files, by the first byte: key, config, lock, snapshot; and the packing of them.
#include <cstdlib>

#include "tocsin/vault/key_file.h"
#include "tocsin/vault/lock.h"
#include "tocsin/vault/sealed_files.h"
#include "tocsin/vault/snapshot.h"

using namespace tocsin;
using namespace tocsin::vault;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size == 0)
        return 0;
    auto const rest = std::as_bytes(std::span(data + 1, size - 1));
    switch (data[0] % 5) {
    case 0:
        if (auto file = decode_key_file(rest); file.ok())
            (void)decode_key_file(as_bytes(encode_key_file(file.take()))).take();
        break;
    case 1:
        (void)decode_config(rest).ok();
        break;
    case 2:
        if (auto lock = decode_lock(rest); lock.ok())
            (void)is_stale(lock.take(), wall_now());
        break;
    case 3:
        if (auto snapshot = decode_snapshot(rest); snapshot.ok()) {
            auto const text = encode_snapshot(snapshot.take());
            if (encode_snapshot(decode_snapshot(as_bytes(text)).take()) != text)
                std::abort();
        }
        break;
    default: {
        Compression compression(1);
        if (auto plain = compression.decompress(rest, 1 << 20); plain.ok() && plain.take().size() > 1 << 20)
            std::abort();
    }
    }
    return 0;
}
