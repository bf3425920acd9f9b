// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/throttle.h"

#include <gtest/gtest.h>
#include <thread>

namespace tocsin::guard {
namespace {

class Answers final : public sensor::AnswerChannel {
public:
    void send(int, sensor::Answer answer) noexcept override { sent.push_back(answer); }
    std::vector<sensor::Answer> sent;
};

class ThrottleTest : public testing::Test {
protected:
    std::shared_ptr<sensor::HeldOpen> open_by(pid_t pid)
    {
        return std::make_shared<sensor::HeldOpen>(answers_, UniqueFd(), pid, steady_now());
    }

    std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    Throttle throttle_{{.unknown = 2, .harmless = 3, .many = 10}};
};

TEST_F(ThrottleTest, LetsAFewChangesPass)
{
    throttle_.changed(7);
    EXPECT_FALSE(throttle_.must_wait(7));
    throttle_.changed(7);
    EXPECT_TRUE(throttle_.must_wait(7));
    EXPECT_FALSE(throttle_.must_wait(8)) << "another process";
}

TEST_F(ThrottleTest, LetsMorePassOfWhoHasDoneNoHarm)
{
    for (int i = 0; i < 10; ++i) {
        throttle_.changed(7);
        throttle_.judged(7);
    }
    throttle_.changed(7);
    throttle_.changed(7);
    EXPECT_FALSE(throttle_.must_wait(7));
    throttle_.changed(7);
    EXPECT_TRUE(throttle_.must_wait(7));
}

TEST_F(ThrottleTest, LetsNobodyPassAfterASuspicionWhileAnythingIsUnjudged)
{
    throttle_.suspect(steady_now() + std::chrono::minutes(1));
    EXPECT_FALSE(throttle_.must_wait(8));
    throttle_.changed(7);
    EXPECT_TRUE(throttle_.must_wait(7));
    EXPECT_TRUE(throttle_.must_wait(8)) << "another process";
    throttle_.park(open_by(8));
    throttle_.changed(9);
    throttle_.judged(7);
    EXPECT_TRUE(answers_->sent.empty()) << "of another one something is unjudged";
    throttle_.judged(9);
    EXPECT_EQ(1U, answers_->sent.size());
}

TEST_F(ThrottleTest, LetsGoWhoWaitedForASuspicionThatIsOver)
{
    throttle_.suspect(steady_now() + std::chrono::milliseconds(20));
    throttle_.changed(7);
    throttle_.park(open_by(8));
    throttle_.look_again();
    EXPECT_TRUE(answers_->sent.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(21));
    throttle_.look_again();
    EXPECT_EQ(1U, answers_->sent.size());
}

TEST_F(ThrottleTest, KeepsNothingThatTheDeadlineHasAnswered)
{
    throttle_.changed(7);
    throttle_.changed(7);
    auto held = open_by(7);
    std::weak_ptr const kept = held;
    throttle_.park(held);
    EXPECT_TRUE(held->answer(sensor::Answer::allow));
    held.reset();
    throttle_.look_again();
    EXPECT_TRUE(kept.expired());
}

TEST_F(ThrottleTest, ForgetsASuspicion)
{
    throttle_.suspect(steady_now() - std::chrono::milliseconds(1));
    throttle_.changed(7);
    EXPECT_FALSE(throttle_.must_wait(8));
}

TEST_F(ThrottleTest, LetsTheParkedGoOnceJudged)
{
    throttle_.changed(7);
    throttle_.changed(7);
    throttle_.park(open_by(7));
    EXPECT_TRUE(answers_->sent.empty());
    throttle_.judged(7);
    EXPECT_EQ(std::vector{sensor::Answer::allow}, answers_->sent);
    EXPECT_FALSE(throttle_.must_wait(7));
}

TEST_F(ThrottleTest, AnswersAtOnceWhatNeedNotWaitAnyMore)
{
    throttle_.park(open_by(7));
    EXPECT_EQ(1U, answers_->sent.size());
}

TEST_F(ThrottleTest, ForgetsAProcessThatIsJudgedInFull)
{
    throttle_.changed(7);
    throttle_.judged(7);
    throttle_.judged(7); // one too many does no harm
    EXPECT_FALSE(throttle_.must_wait(7));
}

} // namespace
} // namespace tocsin::guard
