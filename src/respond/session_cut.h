// SPDX-License-Identifier: Apache-2.0
// respond/session_cut.h -- cuts a remote client off from the server that it uses, and admits it again.
//
// For a client whose server's process is stopped and whose opens are denied. First its packets are kept out, so that
// what follows opens no gap. Then, of a Samba session, the connection is closed and smbd ended by SIGTERM, so that it
// leaves its databases whole and holds none of their locks: others would wait for it. Nothing that it had received and
// not looked at yet is carried out: the connection is taken down under it, with all that waits in its buffers, before
// it runs on. On this host there is none of the client's memory that would be lost. Other connections of the client to
// the port are taken down, too, and those smbd of them that are stopped end together with the first, since each may
// hold what another waits for.
// Of any other server (sshd) the processes stay stopped, with their memory and their connection.
// Threads: any; it waits. Bounds: together they have 1 s to end, then they are killed: the kernel gives the locks of
// the dead to who waits for them, those of the stopped to nobody. client_filter.h's.
// Errors: where the client could not be kept out, or there is no /proc, with nothing done.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/event/incident.h"

namespace tocsin::respond {

struct Session {
    event::ProcessKey process;
    std::uint32_t user = 0; // for whom it acted; 0: for itself just then
};
struct Cut {
    std::string how; // one sentence part: "10.0.0.2 is kept out of port 445, and smbd 812 has ended"
    std::vector<event::ProcessKey> ended; // those that were stopped
    std::vector<Session> other_sessions; // of the client, which end, too
    std::vector<event::ProcessKey> of_user; // those of them that were seen to act for the same user
};
// Told of each process that ends by this, before it can go on to its end: nobody is to stop it again.
using Ending = std::function<void(event::ProcessKey)>;
// `uid`: for whom the server's process acts; 0: not known.
Result<Cut> cut_off(
    event::ClientAddress const& client, event::ProcessKey server, std::uint32_t uid, Ending const& ending);

} // namespace tocsin::respond
