// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/asked_opens.h"

#include <gtest/gtest.h>

namespace tocsin::guard {
namespace {

using sensor::Answer;
using std::chrono::milliseconds;

class Answers final : public sensor::AnswerChannel {
public:
    void send(int, Answer answer) noexcept override { given.push_back(answer); }
    std::vector<Answer> given;
};

class AskedOpensTest : public ::testing::Test {
protected:
    bool parks(pid_t pid)
    {
        return asked.park(std::make_shared<sensor::HeldOpen>(channel, UniqueFd(), pid, began));
    }
    std::shared_ptr<Answers> channel = std::make_shared<Answers>();
    SteadyTime began = steady_now();
    AskedOpens asked{milliseconds(1'000)};
    std::vector<pid_t> const who{7};
};

TEST_F(AskedOpensTest, AnOpenWaitsForThePerson)
{
    asked.ask(who);
    EXPECT_TRUE(asked.concerns(7));
    EXPECT_FALSE(asked.concerns(8));
    EXPECT_TRUE(parks(7));
    asked.look_again(began + milliseconds(900));
    EXPECT_TRUE(channel->given.empty());
    EXPECT_EQ(1U, asked.take(who).size());
    EXPECT_FALSE(asked.concerns(7));
}

TEST_F(AskedOpensTest, WhoeverIsNotAnsweredInTimeIsRefused)
{
    asked.ask(who);
    EXPECT_TRUE(parks(7));
    asked.look_again(began + milliseconds(1'000));
    EXPECT_EQ(std::vector{Answer::deny}, channel->given);
    EXPECT_TRUE(asked.concerns(7)) << "and asked about at its next open";
}

TEST_F(AskedOpensTest, AnAnswerThatCameBeforeTheOpenCountsForIt)
{
    asked.ask(who);
    EXPECT_TRUE(asked.take(who).empty());
    EXPECT_FALSE(parks(7));
}

TEST_F(AskedOpensTest, AnotherActorsOpensGoOnWaiting)
{
    asked.ask(std::vector<pid_t>{7, 8});
    EXPECT_TRUE(parks(8));
    EXPECT_TRUE(asked.take(who).empty());
    EXPECT_TRUE(channel->given.empty());
}

} // namespace
} // namespace tocsin::guard
