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

// Under `mutex_`: those for which `waits` is false.
template <typename Waits>
AskedOpens::Parked AskedOpens::take_but(Waits waits)
{
    auto const rest =
        std::ranges::partition(parked_, [&](auto const& held) { return !held->answered() && waits(*held); });
    Parked done(std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
    parked_.erase(rest.begin(), rest.end());
    return done;
}

AskedOpens::Parked AskedOpens::take(std::span<pid_t const> pids)
{
    if (!any_.load(std::memory_order_acquire)) // of each process that ends
        return {};
    std::lock_guard lock(mutex_);
    for (auto pid : pids)
        asked_.erase(pid);
    any_.store(!asked_.empty(), std::memory_order_release);
    return take_but(
        [&](sensor::HeldOpen const& held) { return std::ranges::find(pids, held.pid()) == pids.end(); });
}

bool AskedOpens::concerns(pid_t pid) const
{
    if (!any_.load(std::memory_order_acquire))
        return false;
    std::lock_guard lock(mutex_);
    return asked_.contains(pid);
}

bool AskedOpens::park(std::shared_ptr<sensor::HeldOpen> const& held)
{
    std::lock_guard lock(mutex_);
    if (!asked_.contains(held->pid()))
        return false;
    parked_.push_back(held);
    return true;
}

void AskedOpens::look_again(SteadyTime now)
{
    Parked refused;
    {
        std::lock_guard lock(mutex_);
        refused = take_but([&](sensor::HeldOpen const& held) { return now < held.since() + bound_; });
    }
    for (auto const& held : refused)
        (void)held->answer(sensor::Answer::deny);
}

} // namespace tocsin::guard
