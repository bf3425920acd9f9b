// SPDX-License-Identifier: Apache-2.0
// How long a freeze takes, as the guard does it. The figures are printed and kept as test properties; the limits
// only catch a change of kind, since the machine may be busy. Figures we saw: src/respond/README.md.
#include <algorithm>

#include "tocsin/base/test.h"
#include "tocsin/respond/act.h"
#include "tocsin/respond/testing/process_tree.h"
#include "tocsin/sensor/process_table.h"

namespace tocsin::guard {
namespace {

using respond::FirstInLine;
using respond::Freezer;
using respond::ProcessTree;
using respond::Shared;

using namespace std::chrono_literals;
using Keys = std::vector<event::ProcessKey>;

class FreezeSpeed : public testing::Test {
protected:
    void SetUp() override
    {
#ifdef __SANITIZE_THREAD__
        GTEST_SKIP() << "the thread sanitizer makes every fork copy its shadow: the times say nothing";
#endif
    }

    void tell(std::string const& what, std::chrono::nanoseconds time) const
    {
        auto us = static_cast<int>(time / 1us);
        RecordProperty(what, us);
        std::printf(
            "%s: %d us%s\n", what.c_str(), us, first_in_line_.is_granted() ? "" : " (without SCHED_FIFO)");
    }

    FirstInLine first_in_line_;
    Freezer freezer_ = Freezer::create(sensor::open_process_table().take()).take();
};

TEST_F(FreezeSpeed, OfOneProcess)
{
    ProcessTree tree(ProcessTree::work);
    Keys key{tree.top()};
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < 500; ++i) {
        auto begun = steady_now();
        auto outcome = freezer_.freeze_now(key);
        times.push_back(steady_now() - begun);
        ASSERT_EQ(1u, outcome.frozen.size());
        ASSERT_EQ(0, ::kill(tree.pid(), SIGCONT));
    }
    std::ranges::sort(times);
    tell("freeze_now_median", times[times.size() / 2]);
    tell("freeze_now_p99", times[times.size() * 99 / 100]);
    EXPECT_LT(times[times.size() / 2], 5ms);
}

TEST_F(FreezeSpeed, OfAThousandProcesses)
{
    ProcessTree tree([](Shared& shared) {
        (void)::setpriority(PRIO_PROCESS, 0, 0); // they sleep; what counts is how soon they stop
        for (int i = 1; i < 1000; ++i)
            ProcessTree::spawn(shared, [] { ::pause(); });
        ::pause();
    });
    ASSERT_TRUE(tree.wait_for(1000));
    auto begun = steady_now();
    auto outcome = freezer_.freeze(Keys{tree.top()}).take();
    tell("freeze_1000_sleeping", steady_now() - begun);
    EXPECT_EQ(1000u, outcome.frozen.size());
}

class ForkingFreezeSpeed : public FreezeSpeed, public testing::WithParamInterface<int> { };

TEST_P(ForkingFreezeSpeed, OfAsManyThatForkWithoutEnd)
{
    // Each has one short-lived child at a time; 1,000,000 forks in all at most.
    int const count = GetParam();
    ProcessTree tree([count](Shared& shared) {
        (void)::setpriority(
            PRIO_PROCESS, 0, 0); // else those that fork already leave it no time to make the others
        for (int i = 0; i < count; ++i) {
            ProcessTree::spawn(shared, [&] {
                (void)::setpriority(PRIO_PROCESS, 0, 19);
                for (; shared.work < 1'000'000; ++shared.work) {
                    auto child = ::fork();
                    if (child == 0)
                        ::_exit(0);
                    (void)::waitpid(child, nullptr, 0);
                }
            });
        }
        ::pause();
    });
    ASSERT_TRUE(tree.wait_for(count + 1));
    auto begun = steady_now();
    auto outcome = freezer_.freeze(Keys{tree.top()}).take();
    tell("freeze_" + std::to_string(count) + "_forking", steady_now() - begun);
    EXPECT_TRUE(outcome.left.empty()) << outcome.how;
    EXPECT_GE(outcome.frozen.size(), static_cast<std::size_t>(count) + 1);
    EXPECT_TRUE(tree.running().empty());
}

INSTANTIATE_TEST_SUITE_P(Counts, ForkingFreezeSpeed, testing::Values(100, 1000),
    [](auto const& count) { return std::to_string(count.param); });

} // namespace
} // namespace tocsin::guard
