// SPDX-License-Identifier: Apache-2.0
// verdict/exposure.h -- who read much of the trees and sent about as much to another host.
//
// Reads and sends are laid to the process and to all that it is one job with: a pipeline is one
// through the shell that started it. The lowest process below which enough was read and enough sent is named.
// What was sent need not be what was read: that they come together in one job is all that is known.
// Threads: one owner. No system calls.
// Bounds: 65,536 readers and as many senders, each to 1,024 peers and all others together, of 24 hours; 524,288 objects that readers have read, then the
// reader that was quiet for longest is forgotten.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

// A process and, nearest first, those that it is one job with; itself first.
using Job = std::vector<event::ProcessKey>;
// Of those above it, the ones in its session, and shells and scripts whatever their session; a server that
// forks for each client joins nobody.
Job job_of(ProcessTree& tree, event::ProcessKey process);

struct Peer {
    std::string address;
    std::uint16_t port = 0;
    bool is_udp = false;
    auto operator<=>(Peer const&) const = default;
};

struct Exposed {
    event::ProcessKey top;
    std::vector<event::ProcessKey> processes; // that read or sent; 4,096 at most
    std::string executable; // of who sent most, and
    std::string unit; // its cgroup
    Peer peer; // to whom most was sent
    std::size_t peers = 0;
    std::vector<event::ObjectId> objects; // 64 at most
    std::uint64_t files = 0;
    std::uint64_t files_protected = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_sent = 0; // to all of them
};
// In words.
std::string reason_of(Exposed const& exposed);

class Exposure {
public:
    void read(Job const& job, event::ObjectId object, std::uint64_t bytes, WallTime now);
    // Over a connection that the sender made.
    void sent(Job const& job, event::Process const& sender, Peer peer, std::uint64_t bytes, WallTime now);

    // Who has come over the bounds since the last time, or has gone on: told anew where it has grown by an
    // eighth, or has come to rest.
    std::vector<Exposed> take_exposed(std::uint64_t files_protected, WallTime now);

private:
    struct Reader {
        Job job;
        std::unordered_map<event::ObjectId, std::uint64_t> bytes_of;
        WallTime last{};
    };
    struct Sender {
        Job job;
        std::string executable;
        std::string unit;
        std::unordered_map<std::string, std::pair<Peer, std::uint64_t>> bytes_to;
        WallTime last{};
    };
    struct Told {
        std::uint64_t amount = 0; // read and sent
        std::uint64_t amount_seen = 0;
    };

    Exposed below(event::ProcessKey top) const;
    bool is_grown(Exposed const& exposed);
    void forget(WallTime now);
    void forget_quietest_reader();

    std::unordered_map<event::ProcessKey, Reader> readers_;
    std::unordered_map<event::ProcessKey, Sender> senders_;
    std::size_t objects_ = 0; // of all readers
    std::unordered_set<event::ProcessKey> active_; // senders since the last time
    std::unordered_map<event::ProcessKey, Told> told_; // by top
    WallTime next_forgetting_{};
};

} // namespace tocsin::verdict
