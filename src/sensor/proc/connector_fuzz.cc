// SPDX-License-Identifier: Apache-2.0
// No datagram may make the parser read past it, or give more events than it has headers.
#include "tocsin/sensor/proc/connector_message.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto events = tocsin::sensor::parse_connector_datagram(std::as_bytes(std::span(data, size)));
    if (events.ok() && events.take().size() > size / 36)
        std::abort();
    return 0;
}
