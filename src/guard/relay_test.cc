// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/relay.h"

#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <sched.h>
#include <sys/eventfd.h>
#include <thread>

#include "tocsin/base/precedence.h"
#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;

// Counts the events that it is told by an eventfd, and ends with the last one.
struct Counter {
    std::uint64_t const last;
    UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::uint64_t seen = 0; // without a lock: the baton is one
    int inside = 0;

    Result<Relay::Round> round()
    {
        EXPECT_EQ(0, inside++);
        eventfd_t some = 0;
        bool const is_any = ::eventfd_read(bell.get(), &some) == 0;
        seen += some;
        --inside;
        if (seen == last)
            return Relay::Round::over;
        return is_any ? Relay::Round::busy : Relay::Round::idle;
    }

    Relay::Work work()
    {
        return {.round = [this] { return round(); },
            .wait = [] { return std::this_thread::sleep_for(1ms), Result<void>(); },
            .bell = bell.get()};
    }
};

TEST(RelayTest, OneAtATimeSeesEachEventOnce)
{
    Counter counter{.last = 20'000};
    auto relay = Relay::create(counter.work()).take();
    std::vector<std::jthread> doers;
    for (int doer = 0; doer < 2; ++doer) {
        doers.emplace_back([&] {
            for (int event = 0; event < 10'000; ++event)
                ::eventfd_write(counter.bell.get(), 1);
        });
    }
    EXPECT_OK(relay->run());
    EXPECT_EQ(20'000U, counter.seen);
}

TEST(RelayTest, AnErrorOfARoundEndsAll)
{
    Relay::Work work{.round = []() -> Result<Relay::Round> { return Error(Errc::failed, "gone"); },
        .wait = [] { return Result<void>(); },
        .bell = -1};
    auto ended = Relay::create(std::move(work)).take()->run();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ("gone", ended.error().message());
}

TEST(RelayTest, AnErrorOfTheWaitEndsAll)
{
    Relay::Work work{.round = []() -> Result<Relay::Round> { return Relay::Round::idle; },
        .wait = [] { return Result<void>(Error(Errc::failed, "no wait")); },
        .bell = -1};
    auto ended = Relay::create(std::move(work)).take()->run();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ("no wait", ended.error().message());
}

bool may_take_precedence()
{
    bool may = false;
    std::jthread([&] { may = take_precedence("test", Precedence::decider); }).join();
    return may;
}

TEST(RelayTest, OfTwoErrorsTheFirstIsTold)
{
    if (!may_take_precedence())
        GTEST_SKIP() << "SCHED_FIFO is not permitted: there is one thread only";
    UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    std::latch has_failed(1);
    auto const caller = std::this_thread::get_id();
    Relay::Work work{.round = [&]() -> Result<Relay::Round> {
                         eventfd_t some = 0;
                         if (std::this_thread::get_id() == caller || ::eventfd_read(bell.get(), &some) != 0)
                             return Relay::Round::idle;
                         has_failed.count_down();
                         return Error(Errc::failed, "first");
                     },
        .wait = [&]() -> Result<void> {
            ::eventfd_write(bell.get(), 1);
            has_failed.wait();
            std::this_thread::sleep_for(20ms);
            return Error(Errc::failed, "second");
        },
        .bell = bell.get()};
    auto ended = Relay::create(std::move(work)).take()->run();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ("first", ended.error().message());
}

bool stand_on(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return ::sched_setaffinity(0, sizeof(set), &set) == 0;
}

void pass(std::chrono::microseconds time) // at work
{
    auto const until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) { }
}

TEST(RelayTest, WhoWorksOnAnotherProcessorIsHeldUpUntilTheRoundsEnd)
{
    cpu_set_t usable;
    ASSERT_EQ(0, ::sched_getaffinity(0, sizeof(usable), &usable));
    if (!may_take_precedence() || !CPU_ISSET(0, &usable) || !CPU_ISSET(1, &usable))
        GTEST_SKIP() << "SCHED_FIFO and two processors are needed";
    std::atomic<std::uint64_t> done = 0;
    std::jthread doer([&](std::stop_token const& stop) {
        stand_on(0);
        while (!stop.stop_requested())
            ++done;
    });
    constexpr int rounds = 40;
    int looks = 0;
    int held = 0;
    int went_on_after = 0;
    std::uint64_t seen = 0;
    std::unique_ptr<Relay> relay;
    auto const caller = std::this_thread::get_id();
    Relay::Work work{.round = [&]() -> Result<Relay::Round> {
                         if (std::this_thread::get_id() != caller)
                             return Relay::Round::idle;
                         if (++looks % 2 == 0)
                             return looks == 2 * rounds ? Relay::Round::over : Relay::Round::idle;
                         went_on_after += done != seen ? 1 : 0;
                         relay->occupy_processors();
                         pass(300us);
                         seen = done;
                         pass(300us);
                         held += done == seen ? 1 : 0;
                         return Relay::Round::busy;
                     },
        .wait = []() -> Result<void> {
            stand_on(1);
            std::this_thread::sleep_for(10ms);
            return {};
        },
        .bell = -1};
    relay = Relay::create(std::move(work)).take();
    while (done == 0) { }
    EXPECT_OK(relay->run());
    // Not all: others may have the processor that the doer would have, or the one that holds it up.
    EXPECT_LE(rounds / 4, held);
    EXPECT_LE(rounds / 4, went_on_after);
}

} // namespace
} // namespace tocsin::guard
