// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/stop_limit.h"

#include <condition_variable>
#include <csignal>
#include <mutex>

#include "tocsin/base/precedence.h"

namespace tocsin::supervise {
namespace {

constexpr int times_in_a_limit = 10; // some may be late

} // namespace

Result<std::unique_ptr<StopLimit>> StopLimit::create(std::chrono::milliseconds limit)
{
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    ::timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer)
        != 0) // which stands still while the host is suspended
        return Error::from_errno(errno, "timer_create");
    return std::unique_ptr<StopLimit>(new StopLimit(timer, limit));
}

StopLimit::StopLimit(::timer_t timer, std::chrono::milliseconds limit) : timer_(timer), limit_(limit)
{
    put_off(); // it holds from here on
    thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
}

StopLimit::~StopLimit()
{
    thread_.request_stop();
    thread_.join();
    (void)::timer_delete(timer_);
}

void StopLimit::run(std::stop_token const& stop) const
{
    take_precedence("stop-limit", Precedence::gate);
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock waiting(mutex);
    while (!wake.wait_for(waiting, stop, limit_ / times_in_a_limit, [&] { return stop.stop_requested(); }))
        put_off();
}

void StopLimit::put_off() const
{
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_);
    std::chrono::nanoseconds const rest = limit_ - seconds;
    itimerspec once{};
    once.it_value = {.tv_sec = seconds.count(), .tv_nsec = rest.count()};
    (void)::timer_settime(timer_, 0, &once, nullptr);
}

} // namespace tocsin::supervise
