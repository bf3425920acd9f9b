// SPDX-License-Identifier: Apache-2.0
// respond/connection.h -- takes a TCP connection down on this side, whoever else has it open.
// Threads: any. Errors: none; what cannot be told is no connection of the client.
#pragma once

#include "tocsin/event/incident.h"

namespace tocsin::respond {

// Whether it was a connection of this client to this port. Then both of its buffers are thrown away, the peer gets a
// reset, and whoever reads or writes the socket, by whatever descriptor, fails.
bool take_down_if_of(int socket_fd, event::ClientAddress const& client);

} // namespace tocsin::respond
