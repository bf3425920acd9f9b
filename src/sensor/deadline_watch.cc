// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/deadline_watch.h"

#include <algorithm>
#include <pthread.h>
#include <sched.h>

namespace tocsin::sensor {
namespace {

// Above the gate (20), the decider and all captures: on busy processors the bound holds only for
// who runs before those that keep them busy. It works for microseconds. Where this is not
// permitted, it runs as any other thread.
constexpr int priority = 30;

void run_before_all_others()
{
    sched_param param{};
    param.sched_priority = priority;
    (void)::pthread_setschedparam(::pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

} // namespace

DeadlineWatch::DeadlineWatch(std::chrono::milliseconds bound, Heartbeat heartbeat)
    : bound_(bound), heartbeat_(std::move(heartbeat)), thread_([this] { run(); })
{
}

DeadlineWatch::~DeadlineWatch()
{
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
}

void DeadlineWatch::watch(std::shared_ptr<HeldOpen> const& held)
{
    std::lock_guard lock(mutex_);
    waiting_.push_back(held);
    if (waiting_.size() == 1)
        wake_.notify_one();
}

std::uint64_t DeadlineWatch::timeouts() const
{
    return timeouts_.load(std::memory_order_relaxed);
}

void DeadlineWatch::run()
{
    ::pthread_setname_np(::pthread_self(), "deadlines");
    run_before_all_others();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        heartbeat_.beat(); // a number is counted up: nothing that could keep the lock
        if (waiting_.empty()) {
            wake_.wait_for(lock, turns_every, [&] { return stopping_ || !waiting_.empty(); });
            continue;
        }
        auto held = waiting_.front().lock();
        if (!held || held->answered()) {
            waiting_.pop_front();
            lock.unlock();
            held.reset(); // the last owner closes its descriptor: not under the lock
            lock.lock();
            continue;
        }
        auto deadline = held->since() + bound_;
        if (steady_now() < deadline) {
            held.reset(); // or a held open that is done would stay until its deadline
            wake_.wait_until(lock, std::min(deadline, steady_now() + turns_every), [&] { return stopping_; });
            continue;
        }
        waiting_.pop_front();
        lock.unlock();
        if (held->answer(Answer::allow))
            timeouts_.fetch_add(1, std::memory_order_relaxed);
        held.reset();
        lock.lock();
    }
    heartbeat_.rest();
}

} // namespace tocsin::sensor
