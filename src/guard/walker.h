// SPDX-License-Identifier: Apache-2.0
// guard/walker.h -- the thread that walks trees and directories, and asks for their capture.
//
// Threads: request(), outstanding() from any. Borrows everything.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "tocsin/base/mailbox.h"
#include "tocsin/capture/pool.h"
#include "tocsin/guard/inbox.h"
#include "tocsin/guard/trees.h"
#include "tocsin/sensor/gate.h"
#include "tocsin/sensor/witness.h"

namespace tocsin::guard {

struct WalkRequest {
    WalkReason reason = WalkReason::first;
    std::shared_ptr<Tree const> tree;
    event::ObjectKey start; // an empty handle: the tree's own directory
    event::ObjectKind kind = event::ObjectKind::directory; // of `start`
    event::Place place;
    std::string path;
    event::ProcessKey process;
    std::shared_ptr<Baseline const> baseline; // restart only
};

class Walker {
public:
    struct Parts {
        sensor::Gate& gate;
        sensor::Witness& witness;
        capture::Pool& pool;
        Inbox& inbox;
        Trees const& trees;
    };
    explicit Walker(Parts parts);
    ~Walker(); // stop()

    void stop(); // ends the walk at hand, drops the rest, joins

    bool request(WalkRequest request); // no, where it stops or a million wait

    // Objects whose capture a walk asked for and that have no outcome yet, and walks not ended.
    std::uint64_t outstanding() const { return outstanding_.load(); }
    void one_done() { outstanding_.fetch_sub(1); }

    // Marks a directory, a file or a file system in both groups. Any thread.
    Result<void> mark(int dir_fd, sensor::MarkScope scope) const;
    // Takes the marks of a tree away, in the calling thread. Where a directory cannot be reached any more, its
    // mark goes with it. Any thread.
    void unmark(Tree const& tree) const;

private:
    void take_mark(int fd, sensor::MarkScope scope) const;
    void run();
    void carry_out(WalkRequest const& request, WalkEnd& end);
    Result<void> walk_from(WalkRequest const& request,
        std::function<void(std::string const& path, Error const& error)> const& skipped);
    bool take(WalkRequest const& request, Found&& found);

    Parts parts_;
    Mailbox<WalkRequest> requests_;
    std::atomic<std::uint64_t> outstanding_{0};
    std::atomic<bool> stopping_{false};
    std::jthread thread_;
};

} // namespace tocsin::guard
