// SPDX-License-Identifier: Apache-2.0
// supervise/stop_limit.h -- the kernel ends this process where it has stood still for long, whoever else does.
//
// A timer of the kernel's own goes on while a process is stopped, and its SIGKILL reaches also who is stopped, or
// stands in a frozen cgroup v2. So nobody needs to be there to see it: it is for guard and supervisor stopped
// together. A thread of ours puts the timer off again and again; that it can is all it says.
// Threads: one of its own until it is destroyed, which also ends the limit.
#pragma once

#include <chrono>
#include <ctime>
#include <memory>
#include <stop_token>
#include <thread>

#include "tocsin/base/result.h"

namespace tocsin::supervise {

class StopLimit {
public:
    // Errors: the kernel has no timer left for us (RLIMIT_SIGPENDING).
    static Result<std::unique_ptr<StopLimit>> create(std::chrono::milliseconds limit);
    ~StopLimit();
    StopLimit(StopLimit const&) = delete;
    StopLimit& operator=(StopLimit const&) = delete;

private:
    StopLimit(::timer_t timer, std::chrono::milliseconds limit);
    void run(std::stop_token const& stop) const;
    void put_off() const;

    ::timer_t const timer_;
    std::chrono::milliseconds const limit_;
    std::jthread thread_; // last: it uses the others
};

} // namespace tocsin::supervise
