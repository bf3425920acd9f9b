// SPDX-License-Identifier: Apache-2.0
// guard/relay.h -- one thread's work, done by the thread that stands nearest to the event.
//
// A processor that sleeps needs up to milliseconds to wake, a virtual one above all, and a
// destroyer on another processor works on meanwhile: 40 to 90 files of `chmod -R` in what was
// measured at first. So one more thread stands on each processor, and the one where the event
// happens takes the baton at once, in the place of who caused it. Whoever found something to do last
// is the watcher: it waits for everything, by `Work::wait`, and who watched before takes its post; the others
// wait for the bell alone. One that
// finds the baton taken stays in the doer's place until it is free, so that what was done is judged
// first; who was woken too often of late rests instead, and leaves it at that. Without permission for SCHED_FIFO only the caller works.
// Why: docs/decisions/0009-decide-where-it-happens.md.
// Threads: run() once, from one thread. `round` runs in one at a time, under the baton, so it needs
// no lock; `wait` runs without the baton, beside a round.
// Bounds: one thread a usable processor; all together wake 2,000 times a second in vain at most, but for
// 32 times each after a while without, and one more each 10 ms: only then one stays in the doer's place, for
// 0.1 ms at most. Nothing else keeps a processor from others for longer than 1 ms.
// Errors: the first of a round or a wait ends all and is run()'s.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
        calm, // there is to be a pause; until it is over only what is grave need be heard
        over, // and nothing will come any more
    };
    struct Work {
        std::function<Result<Round>()> round;
        std::function<Result<void>()> wait; // until a round may find something; not for ever
        int bell = -1; // borrowed: readable while there is something urgent to do
        int alarm = -1; // borrowed: likewise, something that ends a calm
    };
    static Result<std::unique_ptr<Relay>> create(Work work);

    // Within a round. Until the rounds find nothing more to do, the other threads keep their processors
    // busy, 1 ms at a time with a rest between: what was done is judged while nobody works on.
    void occupy_processors();

    // In the calling thread and, where SCHED_FIFO is permitted, in one on each processor that the
    // caller may use; until a round is over or anything fails, which is the result.
    Result<void> run();

private:
    Relay(Work work, UniqueFd ended, UniqueFd alarm);
    std::vector<std::jthread> start_others();
    void take_part(std::optional<int> post); // the processor to stand on; none: wherever it is
    void give_up(int post);
    std::optional<int> take_vacant_post();
    bool run_rounds(
        bool is_fresh); // until there is nothing to do or another does it; false: it is over for all
    bool stand_by(std::unique_lock<std::mutex>& baton) const; // until it has the baton, or in vain
    void await_bell(bool is_fresh) const;
    void occupy_mine() const; // until the rounds have found nothing more, or 1 ms
    void let_go(); // with the baton
    void fail(Error error);
    void end(Result<void> outcome); // with the baton

    Work work_;
    UniqueFd ended_; // an eventfd
    UniqueFd alarm_; // an eventfd, readable while processors are occupied
    std::vector<int> processors_; // usable; set, like `rest_`, before there are others
    std::chrono::microseconds rest_{}; // before waiting for the bell
    std::mutex posts_mutex_;
    std::vector<int> vacant_posts_; // processors on which whoever watches now has stood; under `posts_mutex_`
    std::mutex baton_;
    std::atomic<std::thread::id> watcher_; // set under the baton
    std::atomic<bool> is_occupying_{false}; // set under the baton
    std::atomic<bool> is_calm_{false}; // likewise
    bool is_over_ = false; // under the baton
    Result<void> outcome_; // under the baton
};

} // namespace tocsin::guard
