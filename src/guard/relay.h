// SPDX-License-Identifier: Apache-2.0
// guard/relay.h -- one thread's work, done by the thread that stands nearest to the event.
//
// A processor that sleeps needs up to milliseconds to wake, a virtual one above all, and a
// destroyer on another processor works on meanwhile: 40 to 90 files of `chmod -R` in what was
// measured. So one more thread stands on each processor, and the one where the event happens takes
// the baton at once, in the doer's place. Who has the baton waits for everything; the others wait
// for the bell alone, and rest after each ring in vain.
// Threads: one has the baton at a time, so that the work itself needs no lock.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::guard {

class Relay {
public:
    enum class Round {
        busy, // there was something to do
        idle,
        over, // and nothing will come any more
    };
    struct Work {
        std::function<Result<Round>()> round;
        std::function<Result<void>()> wait; // until a round may find something; not for ever
        int bell = -1; // readable while there is something urgent to do
    };
    static Result<std::unique_ptr<Relay>> create(Work work);

    // In the calling thread and, where SCHED_FIFO is permitted, in one on each processor that the
    // caller may use; until a round is over or anything fails, which is the result.
    Result<void> run();

private:
    using Runner = std::size_t; // 0: the caller, who is bound to no processor

    Relay(Work work, UniqueFd ended);
    void take_part(Runner self);
    bool run_rounds(Runner self); // false: it is over
    void await_bell() const;
    void fail(Error error);
    void end(Result<void> outcome); // with the baton

    Work work_;
    UniqueFd ended_; // an eventfd
    std::chrono::microseconds rest_{}; // after a ring in vain; set before there are others
    std::mutex baton_;
    std::atomic<Runner> holder_{0}; // who had the baton when there was something to do
    bool is_over_ = false; // under the baton
    Result<void> outcome_; // under the baton
};

} // namespace tocsin::guard
