// SPDX-License-Identifier: Apache-2.0
// sensor/proc/remote_client.h -- from where somebody uses a server's process: the peer of the connection it serves.
//
// Told for a server that has a process for each of its clients (smbd, sshd, an FTP server): of a process and those it
// comes from, the nearest that holds a connection which was accepted, if all that it holds have one peer, and that on
// another host. What a process connected to by itself says nothing about who uses it: accepted is a connection to a
// port on which somebody listens. Who listens there itself is the server of all, also while it holds a connection that
// it has just accepted for a process to come. Programs below a client's process (a shell of sshd) count as that client's.
// Threads: any. It takes a while where a host has many connections: not for the deciding thread.
// Bounds: 64 processes, 4,096 descriptors each, 16 MiB of a table of the kernel; no further process after half a second.
// Errors: none. Who cannot be looked at (it is gone, or has no such connection) serves nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/incident.h"

namespace tocsin::sensor {

// One line of /proc/PID/net/tcp or tcp6 (proc(5)).
struct TcpSocket {
    std::string local_address; // as people write it; IPv4 mapped into IPv6 as IPv4
    std::string remote_address;
    std::uint16_t local_port = 0;
    std::uint64_t inode = 0; // 0: no process has it open any more, or not yet
    bool is_listening = false;
};
// `corrupt` for text that is not the kernel's.
Result<std::vector<TcpSocket>> parse_tcp_table(std::string_view table);

// Whom a process serves that has the sockets with these inodes.
struct Served {
    bool is_anybody = false; // it has accepted a connection
    std::string address; // empty: of several, of this host, or the server's of all
    std::uint16_t port = 0; // at which of its own; 0: at several
};
Served served_by(std::unordered_set<std::uint64_t> const& own, std::span<TcpSocket const> sockets);

struct RemoteClient {
    event::ClientAddress at;
    event::ProcessKey server; // that holds the connection
    std::uint32_t uid = 0; // for whom the server acts just now: its effective user; 0: for itself
};
// `line`: a process, and those it comes from, nearest first.
std::optional<RemoteClient> remote_client_of(std::span<event::ProcessKey const> line);

} // namespace tocsin::sensor
