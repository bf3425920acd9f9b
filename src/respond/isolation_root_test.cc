// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/isolation.h"

#include <gmock/gmock.h>
#include <thread>

#include "tocsin/base/clock.h"
#include "tocsin/base/test.h"
#include "tocsin/respond/client_filter.h"
#include "tocsin/respond/testing/network.h"

namespace tocsin::respond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class IsolationOfANetwork : public testing::Test {
protected:
    void SetUp() override
    {
        if (!network_.is_made())
            GTEST_SKIP() << "needs root and nft";
    }
    Result<void> isolate_for(std::chrono::seconds how_long, std::vector<std::string> const& words)
    {
        std::vector<Allowed> allowed;
        for (auto const& word : words)
            allowed.push_back(Allowed::parse(word).take());
        return isolate(network_.number(), allowed, how_long);
    }
    std::optional<Isolation> found() { return find_isolation(network_.number()).take(); }

    OwnNetwork network_{""};
};

TEST_F(IsolationOfANetwork, IsReadBackFromTheKernel)
{
    EXPECT_EQ(std::nullopt, found());
    ASSERT_OK(isolate_for(std::chrono::hours(24), {"10.0.0.5", "[2001:db8::]/32:443"}));
    auto const isolation = found();
    ASSERT_TRUE(isolation && isolation->is_on);
    EXPECT_GT(isolation->left, std::chrono::hours(23));
    EXPECT_THAT(isolation->allowed, ElementsAre("10.0.0.5", "[2001:db8::]/32:443"));
}

TEST_F(IsolationOfANetwork, IsReplacedByTheNext)
{
    ASSERT_OK(isolate_for(std::chrono::hours(1), {"10.0.0.5"}));
    ASSERT_OK(isolate_for(std::chrono::minutes(1), {"10.0.0.6:22"}));
    EXPECT_THAT(found()->allowed, ElementsAre("10.0.0.6:22"));
    EXPECT_LE(found()->left, std::chrono::minutes(1));
}

TEST_F(IsolationOfANetwork, IsEndedByTheKernelAlone)
{
    ASSERT_OK(isolate_for(std::chrono::seconds(1), {}));
    EXPECT_TRUE(found()->is_on);
    auto const until = steady_now() + std::chrono::seconds(5);
    while (found()->is_on && steady_now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(found()->is_on);
}

TEST_F(IsolationOfANetwork, IsLiftedOnceAndLeavesTheTablesOfOthersAlone)
{
    ASSERT_OK(keep_out({"10.0.0.2", 445, network_.number()}));
    auto const before = network_.ruleset();
    ASSERT_OK(isolate_for(std::chrono::hours(1), {"10.0.0.2"}));
    EXPECT_THAT(network_.ruleset(), HasSubstr("10.0.0.2 . 445"));
    EXPECT_EQ(Lifted::yes, lift_isolation(network_.number()).take());
    EXPECT_EQ(before, network_.ruleset());
    EXPECT_EQ(Lifted::was_not_isolated, lift_isolation(network_.number()).take());
}

TEST_F(IsolationOfANetwork, TakesAsManyNamesAsAreAllowed)
{
    std::vector<std::string> words;
    for (std::size_t i = 0; i < allowed_at_most; ++i)
        words.push_back("[2001:db8:1111:2222:3333:4444:5555:" + std::to_string(1000 + i) + "]:65000");
    ASSERT_OK(isolate_for(std::chrono::hours(1), words));
    EXPECT_EQ(words, found()->allowed);
}

} // namespace
} // namespace tocsin::respond
