// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/deadline_watch.h"

#include <atomic>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

namespace tocsin::sensor {
namespace {

using namespace std::chrono_literals;

// Notes by which policy and priority the answering thread runs.
struct NotingChannel final : AnswerChannel {
    void send(int, Answer) noexcept override
    {
        ::pthread_getschedparam(::pthread_self(), &policy, &param);
        ++sent;
        sent.notify_one();
    }
    int policy = -1;
    sched_param param{};
    std::atomic<int> sent{0};
};

// Answers one open at the bound, and tells by which policy and priority its thread ran.
std::pair<int, int> scheduling_of_a_watch()
{
    auto channel = std::make_shared<NotingChannel>();
    DeadlineWatch watch(1ms);
    auto held = std::make_shared<HeldOpen>(
        channel, UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), 1, steady_now());
    watch.watch(held);
    channel->sent.wait(0);
    EXPECT_EQ(1, channel->sent.load());
    return {channel->policy & ~SCHED_RESET_ON_FORK, channel->param.sched_priority};
}

// Captures that somebody waits for run by SCHED_RR at 5, the gate by SCHED_FIFO at 20.
TEST(DeadlineWatchTest, RunsBeforeAllThatItIsToBeIndependentOf)
{
    sched_param probe{};
    probe.sched_priority = 1;
    bool permitted = false;
    std::jthread([&] {
        permitted = ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &probe) == 0;
    }).join();
    if (!permitted)
        GTEST_SKIP() << "SCHED_FIFO is not permitted here";
    auto [policy, priority] = scheduling_of_a_watch();
    EXPECT_EQ(SCHED_FIFO, policy);
    EXPECT_GT(priority, 20);
}

TEST(DeadlineWatchTest, LetsGoAtTheBound)
{
    (void)scheduling_of_a_watch();
}

} // namespace
} // namespace tocsin::sensor
