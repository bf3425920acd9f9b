// SPDX-License-Identifier: Apache-2.0
// The log of an open pack: as it lies on the disk, and behind a key that an attacker has not.
#include <algorithm>

#include "tocsin/vault/staged_log.h"

using namespace tocsin;
using namespace tocsin::vault;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    static Cipher const cipher(KeyMaterial::random());
    auto rest = std::as_bytes(std::span(data, size));
    (void)decode_log(cipher, rest).ok();

    // Records that open, whatever is in them; a few are enough.
    rest = rest.first(std::min<std::size_t>(rest.size(), 10 * 48));
    auto log = encode_log_header();
    for (; rest.size() >= 48; rest = rest.subspan(48)) {
        auto const record = cipher.seal(rest.first(48));
        log.insert(log.end(), record.begin(), record.end());
    }
    for (auto const& blob : decode_log(cipher, log).take()) {
        if (blob.length < seal_overhead || blob.length > blob_max_bytes)
            std::abort();
    }
    return 0;
}
