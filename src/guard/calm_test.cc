// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/calm.h"

#include <gtest/gtest.h>

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;

struct CalmTest : testing::Test {
    void make(int things)
    {
        for (int i = 0; i < things; ++i)
            calm.saw_making(now);
    }
    Calm calm;
    SteadyTime now = steady_now();
};

TEST_F(CalmTest, IsNotBeforeManyThingsWereMade)
{
    EXPECT_FALSE(calm.lasts(now));
    make(31);
    EXPECT_FALSE(calm.lasts(now));
    make(1);
    EXPECT_TRUE(calm.lasts(now));
}

TEST_F(CalmTest, EndsWithTheFirstThingThatExisted)
{
    make(1'000);
    calm.saw_other();
    EXPECT_FALSE(calm.lasts(now));
    make(31);
    EXPECT_FALSE(calm.lasts(now));
}

TEST_F(CalmTest, IsNotWhileProgramsStart)
{
    make(1'000);
    calm.saw_birth(now);
    EXPECT_FALSE(calm.lasts(now));
    now += 49ms;
    make(1);
    EXPECT_FALSE(calm.lasts(now));
    now += 1ms;
    make(1);
    EXPECT_TRUE(calm.lasts(now));
}

TEST_F(CalmTest, EndsAMomentAfterTheLastThing)
{
    make(1'000);
    EXPECT_TRUE(calm.lasts(now + 2ms));
    EXPECT_FALSE(calm.lasts(now + 3ms));
}

} // namespace
} // namespace tocsin::guard
