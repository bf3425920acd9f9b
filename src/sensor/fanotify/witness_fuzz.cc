// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/witness.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::uint64_t overflows = 0;
    (void)tocsin::sensor::fanotify::parse_events(std::as_bytes(std::span(data, size)), overflows).ok();
    return 0;
}
