// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/seldom.h"

#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

constexpr SteadyTime start{std::chrono::hours(1)};

TEST(SeldomTest, TellsOneOfACauseInTenMinutes)
{
    Seldom seldom;
    EXPECT_TRUE(seldom.is_due("a", start));
    EXPECT_FALSE(seldom.is_due("a", start + std::chrono::minutes(9)));
    EXPECT_TRUE(seldom.is_due("b", start));
    EXPECT_TRUE(seldom.is_due("a", start + std::chrono::minutes(10)));
}

TEST(SeldomTest, TakesNoMoreCausesThanItsBound)
{
    Seldom seldom;
    std::size_t due = 0;
    for (int i = 0; i < 5000; ++i)
        due += seldom.is_due(std::to_string(i), start) ? 1 : 0;
    EXPECT_EQ(1024U, due);
}

} // namespace
} // namespace tocsin::guard
