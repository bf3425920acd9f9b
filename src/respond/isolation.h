// SPDX-License-Identifier: Apache-2.0
// respond/isolation.h -- cuts a host off from its network but for who is named, for a time that the kernel counts.
//
// All of it is the table `inet tocsin_isolation` of the host's network. Its chains drop what comes in, goes out and is
// forwarded, of connections that run as well, but: the host's talk with itself, what addresses need to work (IPv6
// neighbour discovery, renewals of a DHCP lease, news of a path's packet size), and who is allowed.
// The chains do so only while the set `isolated` holds the packet's family, and its elements have a timeout: the
// kernel ends the isolation, whatever has become of the guard. A table whose time is over lets everything through.
// Why so: docs/decisions/0017-isolation-ends-in-the-kernel.md.
// It is its own record: what is allowed stands as comments of its rules. It does not outlast a boot.
// Tables of others are untouched, that of client_filter.h too: a packet has to pass them all.
// Needs /usr/sbin/nft and CAP_NET_ADMIN.
// Threads: any. Bounds: allowed_at_most names; see network.h.
// Errors: `not_found` where there is no nft, `failed` with what nft says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/respond/allowed.h"

namespace tocsin::respond {

inline constexpr std::size_t allowed_at_most = 64;
inline constexpr std::chrono::hours isolated_at_most{24};

// In place of an isolation that there is. `network`: the inode of its /proc/PID/ns/net.
// REQUIRES: at most allowed_at_most names, and a time from 1 s to isolated_at_most.
Result<void> isolate(std::uint64_t network, std::span<Allowed const> allowed, std::chrono::seconds how_long);

struct Isolation {
    std::chrono::seconds left{
        0}; // rounded down, as nft tells it; 0: its time is over, and its table does nothing
    std::vector<std::string> allowed;
    struct Dropped { // packets
        std::uint64_t incoming = 0;
        std::uint64_t outgoing = 0;
        std::uint64_t forwarded = 0;
        bool operator==(Dropped const&) const = default;
    } dropped;
    bool is_on = false;

    bool operator==(Isolation const&) const = default;
};
// None where there is no such table.
Result<std::optional<Isolation>> find_isolation(std::uint64_t network);

enum class Lifted { yes, was_not_isolated };
Result<Lifted> lift_isolation(std::uint64_t network);

// What nft(8) is told, and what it tells as JSON: for those above and their tests.
std::string words_to_isolate(std::span<Allowed const> allowed, std::chrono::seconds how_long);
Result<Isolation> parse_isolation(std::string_view listed);

} // namespace tocsin::respond
