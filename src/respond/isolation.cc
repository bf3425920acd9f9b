// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/isolation.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include "tocsin/base/json.h"
#include "tocsin/respond/nft.h"

namespace tocsin::respond {
namespace {

// Only this table is replaced, in one transaction: there is no moment without rules between two isolations.
constexpr std::string_view begin_words = R"(add table inet tocsin_isolation
delete table inet tocsin_isolation
table inet tocsin_isolation {
)";

// 67 and 68, 547 and 546: a server's and a client's port of DHCP. Listener queries and reports: switches drop
// neighbour discovery for who does not report.
constexpr std::string_view chains_words = R"(  chain input {
    type filter hook input priority filter; policy accept;
    meta nfproto != @isolated accept
    iif lo accept
    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept
    icmpv6 type packet-too-big accept
    icmp type destination-unreachable icmp code frag-needed accept
    udp sport . udp dport { 67 . 68, 547 . 546 } accept
    jump from_allowed
    counter drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    meta nfproto != @isolated accept
    oif lo accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept
    icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept
    udp sport . udp dport { 68 . 67, 546 . 547 } accept
    jump to_allowed
    counter drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    meta nfproto != @isolated accept
    jump from_allowed
    jump to_allowed
    counter drop
  }
}
)";

std::string_view protocol_of(Allowed const& allowed)
{
    return allowed.range.family == AF_INET ? "ip" : "ip6";
}

std::string rule_to(Allowed const& allowed)
{
    auto const port = allowed.port == 0
        ? std::string()
        : fmt::format(" meta l4proto {{ tcp, udp }} th dport {}", allowed.port);
    return fmt::format("    {} daddr {}{} accept comment \"{}\"\n", protocol_of(allowed),
        allowed.range.text(), port, allowed.text());
}

std::string rules_from(Allowed const& allowed)
{
    auto const address = fmt::format("    {} saddr {}", protocol_of(allowed), allowed.range.text());
    if (allowed.port == 0)
        return address + " accept\n";
    return fmt::format("{} tcp sport {} tcp flags & (syn | ack) != syn accept\n", address, allowed.port)
        + fmt::format("{} udp sport {} accept\n", address, allowed.port);
}

json::object const* member(json::value const& value, std::string_view key)
{
    auto const* object = value.if_object();
    auto const* found = object == nullptr ? nullptr : object->if_contains(key);
    return found == nullptr ? nullptr : found->if_object();
}

json::array const* list_of(json::object const& object, std::string_view key)
{
    auto const* found = object.if_contains(key);
    return found == nullptr ? nullptr : found->if_array();
}

std::string_view text_of(json::object const& object, std::string_view key)
{
    auto const* found = object.if_contains(key);
    auto const* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::uint64_t number_of(json::object const& object, std::string_view key)
{
    auto const* found = object.if_contains(key);
    auto const* number = found == nullptr ? nullptr : found->if_int64();
    return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

// An element that the kernel has forgotten is no longer listed.
void take_set(json::object const& set, Isolation& out)
{
    auto const* elements = text_of(set, "name") == "isolated" ? list_of(set, "elem") : nullptr;
    if (elements == nullptr)
        return;
    for (auto const& item : *elements)
        if (auto const* element = member(item, "elem"); element != nullptr) {
            out.is_on = true;
            out.left = std::max(out.left, std::chrono::seconds(number_of(*element, "expires")));
        }
}

void take_rule(json::object const& rule, Isolation& out)
{
    auto const chain = text_of(rule, "chain");
    if (chain == "to_allowed")
        out.allowed.emplace_back(text_of(rule, "comment"));
    auto const* expressions = list_of(rule, "expr");
    for (auto const& expression : expressions == nullptr ? json::array() : *expressions)
        if (auto const* counter = member(expression, "counter"); counter != nullptr) {
            auto& count = chain == "input" ? out.dropped.incoming
                : chain == "output"        ? out.dropped.outgoing
                                           : out.dropped.forwarded;
            count = number_of(*counter, "packets");
        }
}

// nft's message for a table that is not there, in the language of LC_ALL=C.
bool says_that_there_is_none(Ended const& ended)
{
    return ended.status == 1 && ended.said.find("No such file or directory") != std::string::npos;
}

} // namespace

std::string words_to_isolate(std::span<Allowed const> allowed, std::chrono::seconds how_long)
{
    std::string to, from;
    for (auto const& one : allowed) {
        to += rule_to(one);
        from += rules_from(one);
    }
    std::string out(begin_words);
    out += fmt::format("  set isolated {{\n    typeof meta nfproto; flags timeout;\n"
                       "    elements = {{ ipv4 timeout {0}s, ipv6 timeout {0}s }}\n  }}\n",
        how_long.count());
    out += "  chain to_allowed {\n" + to + "  }\n  chain from_allowed {\n" + from + "  }\n";
    return out.append(chains_words);
}

Result<Isolation> parse_isolation(std::string_view listed)
{
    auto const value = TRY(parse_json(listed).context("nftables"));
    auto const* object = value.if_object();
    auto const* items = object == nullptr ? nullptr : list_of(*object, "nftables");
    if (items == nullptr)
        return Error(Errc::corrupt, "nftables: this is no list of rules");
    Isolation out;
    for (auto const& item : *items) {
        if (auto const* set = member(item, "set"); set != nullptr)
            take_set(*set, out);
        if (auto const* rule = member(item, "rule"); rule != nullptr)
            take_rule(*rule, out);
    }
    return out;
}

Result<void> isolate(std::uint64_t network, std::span<Allowed const> allowed, std::chrono::seconds how_long)
{
    auto const fd = TRY(find_network(network));
    TRY(nft(fd.get(), words_to_isolate(allowed, how_long)));
    return {};
}

Result<std::optional<Isolation>> find_isolation(std::uint64_t network)
{
    auto const fd = TRY(find_network(network));
    auto const ended = TRY(ask_nft(fd.get(), {"-j", "list", "table", "inet", "tocsin_isolation"}));
    if (says_that_there_is_none(ended))
        return std::optional<Isolation>();
    if (ended.status != 0)
        return what_nft_says(ended);
    auto found = TRY(parse_isolation(ended.said));
    return std::optional(std::move(found));
}

Result<Lifted> lift_isolation(std::uint64_t network)
{
    auto const fd = TRY(find_network(network));
    auto const ended = TRY(ask_nft(fd.get(), {"delete", "table", "inet", "tocsin_isolation"}));
    if (says_that_there_is_none(ended))
        return Lifted::was_not_isolated;
    if (ended.status != 0)
        return what_nft_says(ended);
    return Lifted::yes;
}

} // namespace tocsin::respond
