// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/deadline_watch.h"

namespace tocsin::sensor {

DeadlineWatch::DeadlineWatch(std::chrono::milliseconds bound, std::function<void(HeldOpen const&)> on_timeout)
    : bound_(bound), on_timeout_(std::move(on_timeout)), thread_([this] { run(); })
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
    std::lock_guard lock(mutex_);
    return timeouts_;
}

void DeadlineWatch::run()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (waiting_.empty()) {
            wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
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
            wake_.wait_until(lock, deadline, [&] { return stopping_; });
            continue;
        }
        waiting_.pop_front();
        lock.unlock();
        bool late = held->answer(Answer::allow);
        if (late)
            on_timeout_(*held);
        held.reset();
        lock.lock();
        timeouts_ += late ? 1 : 0;
    }
}

} // namespace tocsin::sensor
