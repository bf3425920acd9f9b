// SPDX-License-Identifier: Apache-2.0
// guard/relay.h -- one thread's work, done by the thread that stands nearest to the event.
//
// A processor that sleeps needs up to milliseconds to wake, a virtual one above all, and a
// destroyer on another processor works on meanwhile: 40 to 90 files of `chmod -R` in what was
// measured at first. So one more thread stands on each processor, and the one where the event
// happens takes the baton at once, in the place of who caused it. Whoever found something to do last
// is the watcher: it waits for everything, by `Work::wait`; the others rest, then wait for the bell
// alone. Without permission for SCHED_FIFO only the caller works.
// Why: docs/decisions/0009-decide-where-it-happens.md.
// Threads: run() once, from one thread. `round` runs in one at a time, under the baton, so it needs
// no lock; `wait` runs without the baton, beside a round.
// Bounds: one thread a usable processor; all together wake 2,000 times a second in vain at most.
// Errors: the first of a round or a wait ends all and is run()'s.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
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
        int bell = -1; // borrowed: readable while there is something urgent to do
    };
    static Result<std::unique_ptr<Relay>> create(Work work);

    // In the calling thread and, where SCHED_FIFO is permitted, in one on each processor that the
    // caller may use; until a round is over or anything fails, which is the result.
    Result<void> run();

private:
    Relay(Work work, UniqueFd ended);
    std::vector<std::jthread> start_others();
    void take_part(std::span<int const> post); // processors to stand on; none: wherever it is
    bool run_rounds(); // until there is nothing to do or another does it; false: it is over for all
    void await_bell() const;
    void fail(Error error);
    void end(Result<void> outcome); // with the baton

    Work work_;
    UniqueFd ended_; // an eventfd
    std::vector<int> processors_; // usable; set, like `rest_`, before there are others
    std::chrono::microseconds rest_{}; // before waiting for the bell
    std::mutex baton_;
    std::atomic<std::thread::id> watcher_; // set under the baton
    bool is_over_ = false; // under the baton
    Result<void> outcome_; // under the baton
};

} // namespace tocsin::guard
