// SPDX-License-Identifier: Apache-2.0
// respond/isolation_proof.h -- whether an isolation holds, by trying to send where nothing may go.
//
// An empty UDP datagram is sent to addresses that are not allowed: of each family one that nobody has (192.0.2.1,
// 2001:db8::1, kept for documentation by RFC 5737 and RFC 3849), and a neighbour on each network that the host is in.
// The kernel refuses it to the sender at once (EPERM). A TCP connection would not be told: it waits until its time is
// over. What comes in cannot be tried from here; the chain for it is made in the same transaction.
// Then one is sent to each single address that is allowed: nobody there need answer, but there has to be a way. Of a
// range it is not known who is there.
// Threads: any; in the network of the calling thread. Bounds: 16 neighbours; sends do not wait.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tocsin/respond/allowed.h"

namespace tocsin::respond {

struct IsolationProof {
    std::vector<std::string> refused; // addresses
    std::vector<std::string> sent; // to where nothing may go
    std::vector<std::string> no_way; // allowed single addresses to which nothing can be sent

    bool holds() const { return sent.empty() && !refused.empty(); }
    std::string sentence() const;
};

IsolationProof try_isolation(std::span<Allowed const> allowed);

} // namespace tocsin::respond
