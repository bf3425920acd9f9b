// SPDX-License-Identifier: Apache-2.0
// respond/client_filter.h -- keeps one client from one port of this host, by nftables.
//
// What it sends there is dropped, and an attempt to connect anew is refused at once. Its other ports, and the other
// clients, are untouched; a connection that runs is not ended by this, so that it goes on where the client is admitted
// again before TCP gives it up.
// All of it is the table `inet tocsin` of the server's network, with a chain before all others that accepts what it
// does not know. Its sets hold (address, port); it goes with its last element. It does not outlast a boot.
// Needs /usr/sbin/nft and CAP_NET_ADMIN.
// Threads: any. Bounds: see network.h. Errors: `invalid` for an address that is none, `failed` with what nft says.
#pragma once

#include <string>

#include "tocsin/base/result.h"
#include "tocsin/event/incident.h"

namespace tocsin::respond {

// Done already: done.
Result<void> keep_out(event::ClientAddress const& client);

enum class Admitted { yes, was_not_kept_out };
Result<Admitted> admit(event::ClientAddress const& client);

// What nft(8) is told: for keep_out() and its tests.
Result<std::string> words_to_keep_out(event::ClientAddress const& client);

} // namespace tocsin::respond
