// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/client_filter.h"

#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

#include "tocsin/respond/nft.h"

namespace tocsin::respond {
namespace {

// The sets stay as they are where they are there already. The chain is written anew, in one transaction with the
// rest: it is this version's, whoever made the table.
constexpr std::string_view table_words = R"(
add table inet tocsin
add set inet tocsin clients4 { type ipv4_addr . inet_service; }
add set inet tocsin clients6 { type ipv6_addr . inet_service; }
add chain inet tocsin input { type filter hook input priority raw; policy accept; }
flush chain inet tocsin input
add rule inet tocsin input ip saddr . tcp dport @clients4 tcp flags & (syn | ack) == syn reject with tcp reset
add rule inet tocsin input ip saddr . tcp dport @clients4 drop
add rule inet tocsin input ip6 saddr . tcp dport @clients6 tcp flags & (syn | ack) == syn reject with tcp reset
add rule inet tocsin input ip6 saddr . tcp dport @clients6 drop
)";

// `clients4 { 10.0.0.2 . 445 }`, with the address as inet_ntop(3) writes it and nothing else.
Result<std::string> element_of(event::ClientAddress const& client)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    std::array<std::byte, sizeof(in6_addr)> address{};
    for (auto const& [family, set] : {std::pair(AF_INET, "clients4"), std::pair(AF_INET6, "clients6")})
        if (client.port != 0 && ::inet_pton(family, client.address.c_str(), address.data()) == 1) {
            ::inet_ntop(family, address.data(), text.data(), text.size());
            return fmt::format("inet tocsin {} {{ {} . {} }}", set, text.data(), client.port);
        }
    return Error(
        Errc::invalid, fmt::format("'{}' port {} is no client's address", client.address, client.port));
}

bool has_elements(std::string_view listed)
{
    return listed.find("elements = {") != std::string_view::npos;
}

} // namespace

Result<std::string> words_to_keep_out(event::ClientAddress const& client)
{
    auto const element = TRY(element_of(client));
    return fmt::format("{}add element {}\n", table_words, element);
}

Result<void> keep_out(event::ClientAddress const& client)
{
    auto const words = TRY(words_to_keep_out(client));
    auto const network = TRY(find_network(client.network));
    TRY(nft(network.get(), words));
    return {};
}

Result<Admitted> admit(event::ClientAddress const& client)
{
    auto const element = TRY(element_of(client));
    auto found = find_network(client.network);
    if (!found.ok() && found.error().code() == Errc::not_found)
        return Admitted::was_not_kept_out; // the rules went with the network
    auto const network = TRY(std::move(found));
    auto const asked = TRY(ask_nft(network.get(), {fmt::format("get element {}", element)}));
    if (asked.status != 0)
        return Admitted::was_not_kept_out;
    TRY(nft(network.get(), fmt::format("delete element {}\n", element)));
    auto const left = TRY(nft(network.get(), "list table inet tocsin\n"));
    if (!has_elements(left))
        TRY(nft(network.get(), "delete table inet tocsin\n"));
    return Admitted::yes;
}

} // namespace tocsin::respond
