// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/asked_opens.h"

#include <algorithm>

namespace tocsin::guard {

void AskedOpens::ask(std::span<pid_t const> pids)
{
    std::lock_guard lock(mutex_);
    asked_.insert(pids.begin(), pids.end());
    any_.store(!asked_.empty(), std::memory_order_release);
}

// Answers those for which `waits` is false, and keeps the others.
template <typename Waits>
void AskedOpens::settle(sensor::Answer answer, Waits waits)
{
    Parked done;
    {
        std::lock_guard lock(mutex_);
        auto const rest = std::ranges::partition(
            parked_, [&](auto const& held) { return !held->answered() && waits(*held); });
        done.assign(std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
        parked_.erase(rest.begin(), rest.end());
    }
    for (auto const& held : done)
        (void)held->answer(answer);
}

void AskedOpens::answer(std::span<pid_t const> pids, sensor::Answer answer)
{
    if (!any_.load(std::memory_order_acquire)) // of each process that ends
        return;
    {
        std::lock_guard lock(mutex_);
        for (auto pid : pids)
            asked_.erase(pid);
        any_.store(!asked_.empty(), std::memory_order_release);
    }
    settle(answer,
        [&](sensor::HeldOpen const& held) { return std::ranges::find(pids, held.pid()) == pids.end(); });
}

bool AskedOpens::concerns(pid_t pid) const
{
    if (!any_.load(std::memory_order_acquire))
        return false;
    std::lock_guard lock(mutex_);
    return asked_.contains(pid);
}

void AskedOpens::park(std::shared_ptr<sensor::HeldOpen> held)
{
    {
        std::lock_guard lock(mutex_);
        if (asked_.contains(held->pid())) {
            parked_.push_back(std::move(held));
            return;
        }
    }
    (void)held->answer(sensor::Answer::allow); // let go since
}

void AskedOpens::look_again(SteadyTime now)
{
    settle(sensor::Answer::deny, [&](sensor::HeldOpen const& held) { return now < held.since() + bound_; });
}

} // namespace tocsin::guard
