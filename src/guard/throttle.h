// SPDX-License-Identifier: Apache-2.0
// guard/throttle.h -- how many changed files of one process may wait to be judged.
//
// A program that rewrites files faster than their new content can be read would have ruined
// hundreds before the verdict sees the first. So a process that has changed `limit` files which
// existed, and whose new versions are not judged yet, waits at its next open of an existing file
// until some are. Honest programs seldom rewrite files in place by the hundred; those that do
// run at the speed of the captures, and are never held longer than any open is.
// Threads: any. Bounds: one counter a process with unjudged changes, one pointer a parked open.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "tocsin/sensor/held_open.h"

namespace tocsin::guard {

class Throttle {
public:
    explicit Throttle(std::size_t limit) : limit_(limit) { }

    void changed(pid_t pid); // a close by `pid` is on its way to the verdict
    void judged(pid_t pid); // and has been seen there; lets the parked go on

    bool must_wait(pid_t pid) const;
    // To be answered by judged(), or by the deadline.
    void park(std::shared_ptr<sensor::HeldOpen> held);

private:
    struct Process {
        std::size_t unjudged = 0;
        std::vector<std::shared_ptr<sensor::HeldOpen>> parked;
    };

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::unordered_map<pid_t, Process> processes_;
};

} // namespace tocsin::guard
