// SPDX-License-Identifier: Apache-2.0
// answers/socket.h -- the guard's control socket: who listens, who asks, and one conversation.
//
// The socket is `control.sock` in the state directory, mode 0600. It is reached through a
// descriptor of that directory, so a long path of the directory does no harm.
// Threads: a ControlClient belongs to one; serve() may run in any, one connection each.
// Bounds: a request must arrive within request_limit; lines as in protocol.h.
// Errors: connect() is `not_found` when nobody listens (no guard runs on this state).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>

#include "tocsin/answers/protocol.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::answers {

inline constexpr std::chrono::seconds request_limit{10};

class ControlClient {
public:
    static Result<ControlClient> connect(std::string const& state_dir);

    // Waits for the result as long as the guard works. What the guard refuses comes back as the
    // error it gave; `failed` when the connection ends before the answer.
    Result<json::value> ask(Request const& request, ProgressSink const& on_progress);

private:
    explicit ControlClient(UniqueFd fd) : fd_(std::move(fd)), lines_(max_answer_bytes) { }
    Result<std::string> next_line();

    UniqueFd fd_;
    LineReader lines_;
};

// A listening socket in place of one that a dead guard left. REQUIRES: the caller holds the
// state directory's lock, so that no other guard listens.
Result<UniqueFd> listen_control(std::string const& state_dir);

struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};
Result<Peer> peer_of(int connection);

// What a guard does with a request. Progress is told while it works.
using Handler = std::function<Result<json::value>(Request const&, ProgressSink const&)>;

// Answers the requests of one connection until its end. `again` when a request does not arrive
// in time, `corrupt` and `full` for lines of another form (the peer is told before).
Result<void> serve(int connection, Handler const& handler);

} // namespace tocsin::answers
