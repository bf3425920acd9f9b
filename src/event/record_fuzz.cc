// SPDX-License-Identifier: Apache-2.0
// Whatever decodes must encode to something that decodes to the same.
#include "tocsin/event/record.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto record = tocsin::event::decode(std::as_bytes(std::span(data, size)));
    if (!record.ok())
        return 0;
    auto first = tocsin::event::encode(record.take());
    auto again = tocsin::event::decode(first);
    if (!again.ok() || tocsin::event::encode(again.take()) != first)
        std::abort();
    return 0;
}
