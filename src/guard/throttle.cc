// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/throttle.h"

#include <utility>

namespace tocsin::guard {

void Throttle::changed(pid_t pid)
{
    std::lock_guard lock(mutex_);
    ++processes_[pid].unjudged;
}

void Throttle::judged(pid_t pid)
{
    std::vector<std::shared_ptr<sensor::HeldOpen>> free;
    {
        std::lock_guard lock(mutex_);
        auto at = processes_.find(pid);
        if (at == processes_.end())
            return;
        if (--at->second.unjudged < limit_)
            free.swap(at->second.parked);
        if (at->second.unjudged == 0)
            processes_.erase(at);
    }
    for (auto const& held : free)
        (void)held->answer(sensor::Answer::allow);
}

bool Throttle::must_wait(pid_t pid) const
{
    std::lock_guard lock(mutex_);
    auto at = processes_.find(pid);
    return at != processes_.end() && at->second.unjudged >= limit_;
}

void Throttle::park(std::shared_ptr<sensor::HeldOpen> held)
{
    auto pid = held->pid();
    {
        std::lock_guard lock(mutex_);
        auto at = processes_.find(pid);
        if (at != processes_.end() && at->second.unjudged >= limit_) {
            at->second.parked.push_back(std::move(held));
            return;
        }
    }
    (void)held->answer(sensor::Answer::allow); // judged since
}

} // namespace tocsin::guard
