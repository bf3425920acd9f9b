// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/mapping_watch.h"

#include <gtest/gtest.h>

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;
using Look = MappingWatch::Look;
using Seen = MappingWatch::Seen;

struct MappingWatchTest : testing::Test {
    std::vector<pid_t> due_in(std::chrono::milliseconds time)
    {
        now += time;
        return watch.due(now);
    }
    MappingWatch watch;
    SteadyTime now = steady_now();
};

TEST_F(MappingWatchTest, LooksATenthOfASecondAfterAnOpen)
{
    EXPECT_EQ(Look::later, watch.opened(7, now));
    EXPECT_TRUE(due_in(99ms).empty());
    EXPECT_EQ(std::vector<pid_t>{7}, due_in(1ms));
    watch.looked(7, Seen::nothing, now);
    EXPECT_TRUE(due_in(1h).empty()) << "it has nothing mapped";
}

TEST_F(MappingWatchTest, LooksAtOnceWhileManyAreOpened)
{
    std::vector<unsigned> looked_at;
    for (unsigned i = 1; i <= 40; ++i) {
        if (watch.opened(7, now) == Look::now)
            looked_at.push_back(i);
    }
    EXPECT_EQ((std::vector<unsigned>{8, 16, 32}), looked_at);
}

TEST_F(MappingWatchTest, LooksAgainAsLongAsSomethingIsMappedAndLessOftenIfNothingChanges)
{
    watch.opened(7, now);
    EXPECT_EQ(1U, due_in(100ms).size());
    watch.looked(7, Seen::unchanged, now);
    EXPECT_TRUE(due_in(199ms).empty());
    EXPECT_EQ(1U, due_in(1ms).size());
    watch.looked(7, Seen::unchanged, now);
    EXPECT_TRUE(due_in(399ms).empty());
    EXPECT_EQ(1U, due_in(1ms).size());
    watch.looked(7, Seen::changed, now);
    EXPECT_EQ(1U, due_in(100ms).size());
    for (int i = 0; i < 20; ++i) {
        watch.looked(7, Seen::unchanged, now);
        EXPECT_EQ(1U, due_in(1600ms).size());
    }
}

TEST_F(MappingWatchTest, ForgetsWhoHasNothingMappedForThoseThatCome)
{
    for (pid_t who = 1; who <= 5'000; ++who)
        watch.opened(who, now);
    auto const due = due_in(100ms);
    EXPECT_LE(due.size(), 4'096U);
    EXPECT_NE(due.end(), std::find(due.begin(), due.end(), 5'000));
}

} // namespace
} // namespace tocsin::guard
