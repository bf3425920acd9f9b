// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/deadline_watch.h"

#include <algorithm>

#include "tocsin/base/precedence.h"

namespace tocsin::sensor {

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
    take_precedence("deadlines", Precedence::deadlines); // it works for microseconds
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
