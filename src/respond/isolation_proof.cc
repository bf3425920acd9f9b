// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/isolation_proof.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tocsin/base/unique_fd.h"

namespace tocsin::respond {
namespace {

constexpr std::size_t neighbours_at_most = 16;
constexpr std::uint16_t discard = 9; // the service that throws everything away (RFC 863)

struct Target {
    AddressRange address;
    std::uint32_t interface = 0; // of a link-local address
};

enum class Tried { refused, sent, no_way };

Tried send_to(Target const& target, std::uint16_t port)
{
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (target.address.family == AF_INET) {
        auto& to = reinterpret_cast<sockaddr_in&>(storage);
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        std::memcpy(&to.sin_addr, target.address.address.data(), sizeof(to.sin_addr));
        size = sizeof(to);
    } else {
        auto& to = reinterpret_cast<sockaddr_in6&>(storage);
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(port);
        to.sin6_scope_id = target.interface;
        std::memcpy(&to.sin6_addr, target.address.address.data(), sizeof(to.sin6_addr));
        size = sizeof(to);
    }
    UniqueFd const fd(::socket(target.address.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return Tried::no_way;
    if (::sendto(fd.get(), "", 0, 0, reinterpret_cast<sockaddr const*>(&storage), size) == 0)
        return Tried::sent;
    return errno == EPERM ? Tried::refused : Tried::no_way;
}

Target target_of(sockaddr const& own)
{
    Target out;
    out.address.family = own.sa_family;
    if (own.sa_family == AF_INET) {
        auto const& address = reinterpret_cast<sockaddr_in const&>(own);
        std::memcpy(out.address.address.data(), &address.sin_addr, sizeof(address.sin_addr));
    } else {
        auto const& address = reinterpret_cast<sockaddr_in6 const&>(own);
        std::memcpy(out.address.address.data(), &address.sin6_addr, sizeof(address.sin6_addr));
        out.interface = address.sin6_scope_id;
    }
    out.address.bits = out.address.all_bits();
    return out;
}

std::uint8_t& last_byte(AddressRange& range)
{
    return range.address[range.all_bits() / 8 - 1];
}

// Those of the host's interfaces but for the loopback.
std::vector<Target> own_addresses()
{
    std::vector<Target> out;
    ifaddrs* listed = nullptr;
    if (::getifaddrs(&listed) != 0)
        return out;
    std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> const owner(listed, ::freeifaddrs);
    for (auto const* one = listed; one != nullptr; one = one->ifa_next) {
        bool const is_used = one->ifa_addr != nullptr && (one->ifa_flags & IFF_UP) != 0
            && (one->ifa_flags & IFF_LOOPBACK) == 0;
        if (is_used && (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6))
            out.push_back(target_of(*one->ifa_addr));
    }
    return out;
}

// In most networks neither the first address nor the last.
std::uint8_t beside(std::uint8_t byte)
{
    auto const next = static_cast<std::uint8_t>(byte ^ 1U);
    return next == 0 || next == 255 ? static_cast<std::uint8_t>(byte ^ 2U) : next;
}

// Beside each address of this host.
std::vector<Target> neighbours()
{
    auto const own = own_addresses();
    auto out = own;
    out.resize(std::min(out.size(), neighbours_at_most));
    for (auto& target : out)
        last_byte(target.address) = beside(last_byte(target.address));
    std::erase_if(out, [&](Target const& target) {
        return std::ranges::any_of(own, [&](Target const& each) { return each.address == target.address; });
    });
    return out;
}

std::vector<Target> forbidden(std::span<Allowed const> allowed)
{
    auto out = neighbours();
    for (auto const* nobodys : {"192.0.2.1", "2001:db8::1"})
        out.push_back({AddressRange::parse(nobodys).take()});
    std::erase_if(out, [&](Target const& target) {
        return std::ranges::any_of(
            allowed, [&](Allowed const& one) { return one.range.holds(target.address); });
    });
    return out;
}

} // namespace

IsolationProof try_isolation(std::span<Allowed const> allowed)
{
    IsolationProof out;
    for (auto const& target : forbidden(allowed)) {
        auto const tried = send_to(target, discard);
        if (tried != Tried::no_way)
            (tried == Tried::sent ? out.sent : out.refused).push_back(target.address.text());
    }
    for (auto const& one : allowed) {
        bool const is_range = one.range.bits < one.range.all_bits();
        auto const port = one.port == 0 ? discard : one.port;
        if (!is_range && send_to({one.range}, port) != Tried::sent)
            out.no_way.push_back(one.text());
    }
    return out;
}

std::string IsolationProof::sentence() const
{
    if (!sent.empty())
        return fmt::format("what was sent to {} went out", fmt::join(sent, ", "));
    if (refused.empty())
        return "this host has no way to anybody who is not allowed, so that nothing could be tried";
    return fmt::format("nothing can be sent to {}", fmt::join(refused, ", "));
}

} // namespace tocsin::respond
