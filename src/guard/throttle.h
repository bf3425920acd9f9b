// SPDX-License-Identifier: Apache-2.0
// guard/throttle.h -- how many changed files of one process may wait to be judged.
//
// A program that rewrites files faster than their new content can be read would have ruined
// hundreds before the verdict sees the first. So a process that has changed files which existed,
// and whose new versions are not judged yet, waits at its next open of an existing file until some
// are: of one file to begin with, and of a few once many of its changes were found harmless.
// After suspicion against anybody all who open existing files wait, until nothing is unjudged or the
// suspicion is over: work that is split over many processes gains nothing.
// Honest programs seldom rewrite files in place by the hundred; those that do run at the speed of
// the captures, and are never held longer than any open is.
// Threads: any. Bounds: counters of 8,192 processes: then all are forgotten of whom nothing is unjudged;
// one pointer a parked open.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/sensor/held_open.h"

namespace tocsin::guard {

class Throttle {
public:
    struct Limits {
        std::size_t unknown = 1; // unjudged changes of a process of which little is known
        std::size_t harmless = 4; // and of one that has made many changes
        std::size_t many = 32;
    };
    explicit Throttle(Limits limits) : limits_(limits) { }

    void changed(pid_t pid); // a close by `pid` is on its way to the verdict
    void judged(pid_t pid); // and has been seen there; lets the parked go on
    void suspect(SteadyTime until); // somebody may be destroying files
    void look_again(); // now and then: lets those go who need not wait any more

    bool must_wait(pid_t pid) const;
    // To be answered by judged(), or by the deadline.
    void park(std::shared_ptr<sensor::HeldOpen> held);

private:
    struct Process {
        std::size_t unjudged = 0;
        std::size_t judged = 0;
    };
    // All under `mutex_`.
    bool must_wait(pid_t pid, SteadyTime now) const;
    void forget_some();
    using Parked = std::vector<std::shared_ptr<sensor::HeldOpen>>;
    Parked take_free(SteadyTime now);

    Limits const limits_;
    mutable std::mutex mutex_;
    std::unordered_map<pid_t, Process> processes_;
    Parked parked_;
    std::size_t unjudged_ = 0; // of all
    SteadyTime suspicious_until_;
};

} // namespace tocsin::guard
