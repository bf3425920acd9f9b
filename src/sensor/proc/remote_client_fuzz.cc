// SPDX-License-Identifier: Apache-2.0
// No text may give a socket more than it has lines, or an address that nobody could have.
#include "tocsin/sensor/proc/remote_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto parsed = tocsin::sensor::parse_tcp_table(text);
    if (!parsed.ok())
        return 0;
    auto const sockets = parsed.take();
    if (std::ssize(sockets) > std::ranges::count(text, '\n'))
        std::abort();
    std::array<std::byte, 16> address{};
    for (auto const& socket : sockets)
        if (::inet_pton(AF_INET, socket.remote_address.c_str(), address.data()) != 1
            && ::inet_pton(AF_INET6, socket.remote_address.c_str(), address.data()) != 1)
            std::abort();
    return 0;
}
