// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/throttle.h"

#include <algorithm>
#include <utility>

namespace tocsin::guard {
namespace {

constexpr std::size_t remembered = 8'192;

} // namespace

void Throttle::changed(pid_t pid)
{
    std::lock_guard lock(mutex_);
    if (processes_.size() >= remembered)
        forget_some();
    ++processes_[pid].unjudged;
    ++unjudged_;
}

// Those of whom nothing is unjudged: what was harmless of them has to show again.
void Throttle::forget_some()
{
    std::erase_if(processes_, [](auto const& item) { return item.second.unjudged == 0; });
}

void Throttle::judged(pid_t pid)
{
    Parked free;
    {
        std::lock_guard lock(mutex_);
        auto at = processes_.find(pid);
        if (at == processes_.end() || at->second.unjudged == 0)
            return;
        --at->second.unjudged;
        ++at->second.judged;
        --unjudged_;
        free = take_free(steady_now());
    }
    for (auto const& held : free)
        (void)held->answer(sensor::Answer::allow);
}

void Throttle::look_again()
{
    Parked free;
    {
        std::lock_guard lock(mutex_);
        free = take_free(steady_now());
    }
    for (auto const& held : free)
        (void)held->answer(sensor::Answer::allow);
}

// Also those that the deadline has answered: each keeps a descriptor.
Throttle::Parked Throttle::take_free(SteadyTime now)
{
    auto const waiting = std::ranges::partition(
        parked_, [&](auto const& held) { return !held->answered() && must_wait(held->pid(), now); });
    Parked free(std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
    parked_.erase(waiting.begin(), waiting.end());
    return free;
}

void Throttle::suspect(SteadyTime until)
{
    std::lock_guard lock(mutex_);
    suspicious_until_ = std::max(suspicious_until_, until);
}

bool Throttle::must_wait(pid_t pid) const
{
    std::lock_guard lock(mutex_);
    return must_wait(pid, steady_now());
}

bool Throttle::must_wait(pid_t pid, SteadyTime now) const
{
    if (unjudged_ == 0)
        return false;
    if (now < suspicious_until_)
        return true;
    auto const at = processes_.find(pid);
    if (at == processes_.end())
        return false;
    auto const& process = at->second;
    return process.unjudged >= (process.judged < limits_.many ? limits_.unknown : limits_.harmless);
}

void Throttle::park(std::shared_ptr<sensor::HeldOpen> held)
{
    {
        std::lock_guard lock(mutex_);
        if (must_wait(held->pid(), steady_now())) {
            parked_.push_back(std::move(held));
            return;
        }
    }
    (void)held->answer(sensor::Answer::allow); // judged since
}

} // namespace tocsin::guard
