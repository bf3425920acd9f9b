// SPDX-License-Identifier: Apache-2.0
// sensor/deadline_watch.h -- lets every held open go at the bound, whatever else has failed.
//
// A thread of its own that does nothing else: it waits for the oldest held open, allows it at
// `bound` after it began, and counts. It opens, reads and logs nothing. It runs by SCHED_FIFO above
// all other threads of the guard, where that is permitted.
// Threads: watch(), timeouts() from any thread. Bounds: one weak pointer for each held open.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "tocsin/sensor/gate.h"

namespace tocsin::sensor {

class DeadlineWatch {
public:
    // Its thread beats at least every `turns_every`.
    explicit DeadlineWatch(std::chrono::milliseconds bound, Heartbeat heartbeat = {});
    ~DeadlineWatch();

    void watch(std::shared_ptr<HeldOpen> const& held);
    std::uint64_t timeouts() const;

private:
    void run();

    std::chrono::milliseconds bound_;
    Heartbeat heartbeat_;
    std::mutex mutex_; // held by this thread and by watch() alone: no other may keep it waiting
    std::condition_variable wake_;
    std::deque<std::weak_ptr<HeldOpen>> waiting_; // oldest first: the bound is the same for all
    std::atomic<std::uint64_t> timeouts_{0};
    bool stopping_ = false;
    std::jthread thread_;
};

} // namespace tocsin::sensor
