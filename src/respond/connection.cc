// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/connection.h"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace tocsin::respond {
namespace {

struct End {
    std::string address;
    std::uint16_t port = 0;
};

// IPv4 mapped into IPv6 as IPv4, as ClientAddress has it.
std::optional<End> end_of(int (*ask)(int, sockaddr*, socklen_t*), int socket_fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (ask(socket_fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        auto const& v4 = reinterpret_cast<sockaddr_in const&>(storage);
        return End{::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()), ntohs(v4.sin_port)};
    }
    if (storage.ss_family != AF_INET6)
        return {};
    auto const& v6 = reinterpret_cast<sockaddr_in6 const&>(storage);
    bool const is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    auto const* address = v6.sin6_addr.s6_addr + (is_mapped ? 12 : 0);
    return End{
        ::inet_ntop(is_mapped ? AF_INET : AF_INET6, address, text.data(), text.size()), ntohs(v6.sin6_port)};
}

} // namespace

bool take_down_if_of(int socket_fd, event::ClientAddress const& client)
{
    auto const here = end_of(::getsockname, socket_fd);
    auto const there = end_of(::getpeername, socket_fd);
    if (!here || !there || here->port != client.port || there->address != client.address)
        return false;
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    return ::connect(socket_fd, &nobody, sizeof nobody)
        == 0; // tcp_disconnect(): no end that the peer would see first
}

} // namespace tocsin::respond
