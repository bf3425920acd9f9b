// SPDX-License-Identifier: Apache-2.0
// sensor/sent_bytes.h -- how many bytes each process has sent, to whom, over TCP and UDP.
//
// The kernel counts by process, peer and who opened the connection; nobody is paid for a packet here. What stays
// on the host (loopback, its own addresses) is not counted, but for datagrams to the latter that name it in each
// call. Counted is what the send has taken,
// whatever call it was (send, write, sendfile, splice, io_uring; kTLS before it is encrypted).
// Not seen: raw and packet sockets, ICMP, other protocols than these two; what the kernel sends for itself (NFS) is
// laid to its own threads.
// Threads: one. Bounds: 16,384 lines between two reads; the least recently used are lost beyond that. A send that
// races with take() may be lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/process.h"

namespace tocsin::sensor {

enum class Transport : std::uint8_t { tcp, udp };

enum class Opened : std::uint8_t {
    before, // the sensor, by whomever
    by_sender,
    by_peer, // accepted; of UDP: sent from a socket that was bound to a port
};

struct Sent {
    event::ProcessKey process;
    std::string address; // the peer's, as inet_ntop(3) writes it; IPv4 mapped into IPv6 as IPv4
    std::uint16_t port = 0; // the peer's
    Transport transport = Transport::tcp;
    Opened opened = Opened::before;
    std::uint64_t bytes = 0;
};

class SentBytes {
public:
    virtual ~SentBytes() = default;
    // What was sent since the last time.
    virtual Result<std::vector<Sent>> take() = 0;
};

// Linux 6.3 with BTF, CAP_BPF with CAP_PERFMON, and CAP_NET_ADMIN: `unsupported` or `denied` otherwise.
Result<std::unique_ptr<SentBytes>> open_sent_bytes();

} // namespace tocsin::sensor
