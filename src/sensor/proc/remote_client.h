// SPDX-License-Identifier: Apache-2.0
// sensor/proc/remote_client.h -- from where somebody uses a server's process: the peer of the connection it serves.
//
// Told for a server that has a process for each of its clients (smbd, sshd, an FTP server): of a process and those it
// comes from, the nearest that holds a connection which was accepted, if all that it holds have one peer. What a
// process connected to by itself says nothing about who uses it: accepted is a connection to a port on which
// somebody listens. Programs below such a process (a shell of sshd) count as its client's.
// Threads: any. It takes a while where a host has many connections: not for the deciding thread.
// Bounds: 64 processes, 4,096 descriptors each, 16 MiB of a table of the kernel.
// Errors: none. Who cannot be looked at (it is gone, or has no such connection) serves nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/process.h"

namespace tocsin::sensor {

// One line of /proc/PID/net/tcp or tcp6 (proc(5)).
struct TcpSocket {
    std::string remote_address; // as people write it; IPv4 mapped into IPv6 as IPv4
    std::uint16_t local_port = 0;
    std::uint64_t inode = 0;
    bool is_listening = false; // else established; sockets in other states are left out
};
// `corrupt` for text that is not the kernel's.
Result<std::vector<TcpSocket>> parse_tcp_table(std::string_view table);

struct RemoteClient {
    std::string address;
    event::ProcessKey server; // that holds the connection
    std::uint32_t uid = 0; // for whom the server acts just now: its effective user
};
// `line`: a process, and those it comes from, nearest first.
std::optional<RemoteClient> remote_client_of(std::span<event::ProcessKey const> line);

} // namespace tocsin::sensor
