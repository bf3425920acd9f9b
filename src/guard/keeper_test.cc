// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/keeper.h"

#include "tocsin/capture/testing/pool.h"

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;

// Counts who was answered, and how.
class Answers final : public sensor::AnswerChannel {
public:
    void send(int, sensor::Answer answer) noexcept override
    {
        denials += answer == sensor::Answer::deny ? 1 : 0;
        ++count;
    }
    std::atomic<int> count{0};
    std::atomic<int> denials{0};
};

// Another process than the guard's, which never waits in an open: it is taken for one that may write.
constexpr pid_t somebody = 1;

class KeeperTest : public capture::PoolFixture {
protected:
    KeeperTest()
    {
        start(dir_.path());
        keeper_.emplace(*pool_, deadlines_, opens_, sensor::Heartbeat{});
    }

    UniqueFd open(std::string const& name) { return sys::open(dir_ / name, O_RDONLY).take(); }
    void close_after_writing(std::string const& name, std::string_view content)
    {
        make(dir_ / name, content).reset();
        keeper_->closed(open(name), somebody);
    }
    // Asks as the kernel does before an open.
    sensor::Ruling ask(std::string const& name)
    {
        auto fd = open(name);
        auto const ruling = keeper_->rule_open(fd.get(), somebody);
        if (ruling == sensor::Ruling::hold)
            hold(std::move(fd));
        return ruling;
    }
    void hold(UniqueFd fd)
    {
        keeper_->hold(std::make_shared<sensor::HeldOpen>(answers_, std::move(fd), somebody, steady_now()));
    }
    // What the decider and the recorder do with what comes from the pool.
    void commit(capture::Outcome outcome)
    {
        if (outcome.version.ok()) {
            auto const version = outcome.version.take();
            keeper_->captured(outcome.number, event::stamp_of(version.metadata), Keeper::Stands::yes);
        } else {
            keeper_->missed(outcome.number);
        }
        if (outcome.held)
            (void)outcome.held->answer(sensor::Answer::allow);
    }
    capture::Outcome next_outcome()
    {
        std::unique_lock lock(sink_.mutex);
        EXPECT_TRUE(sink_.changed.wait_for(lock, 5s, [&] { return !sink_.outcomes.empty(); }));
        auto outcome = std::move(sink_.outcomes.front());
        sink_.outcomes.pop_front();
        return outcome;
    }
    void let_pool_finish()
    {
        while (pool_->backlog() > 0)
            std::this_thread::sleep_for(1ms);
    }

    test::TempDir dir_;
    OpenLog opens_;
    sensor::DeadlineWatch deadlines_{1h};
    std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    std::optional<Keeper> keeper_;
    std::vector<pid_t> const who_{somebody};
};

TEST_F(KeeperTest, LetsAnOpenWaitForTheCaptureThatIsOnItsWay)
{
    close_after_writing("a", "content");
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    let_pool_finish();
    EXPECT_EQ(1u, count()) << "the open has caused no capture of its own";
    EXPECT_EQ(0, answers_->count);
    auto outcome = next_outcome();
    EXPECT_EQ(event::Occasion::close, outcome.occasion);
    commit(std::move(outcome));
    EXPECT_EQ(1, answers_->count);
    EXPECT_EQ(sensor::Ruling::allow, ask("a"));
}

TEST_F(KeeperTest, LetsAllGoWhoWaitForOneCapture)
{
    close_after_writing("a", "content");
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    commit(next_outcome());
    EXPECT_EQ(2, answers_->count);
}

TEST_F(KeeperTest, CapturesForTheOpenWhatAnotherWriterHasChangedSince)
{
    auto writer = make(dir_ / "a", "content");
    keeper_->closed(open("a"), somebody);
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    auto outcome = next_outcome();
    std::this_thread::sleep_for(20ms); // more than a tick: another time, whatever the file system
    ASSERT_OK(sys::write_all(writer.get(), as_bytes(" and more")));
    commit(std::move(outcome));
    EXPECT_EQ(0, answers_->count) << "the vault does not hold what is there now";
    auto own = next_outcome();
    EXPECT_EQ(event::Occasion::open, own.occasion);
    EXPECT_EQ("content and more", content_of(own.version.take()));
    (void)own.held->answer(sensor::Answer::allow);
    EXPECT_EQ(1, answers_->count);
}

TEST_F(KeeperTest, CapturesForTheOpenWhereTheCloseWasMissed)
{
    close_after_writing("a", "content");
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    auto const outcome = next_outcome();
    keeper_->missed(outcome.number); // as if it could not be recorded
    commit(next_outcome());
    EXPECT_EQ(1, answers_->count);
}

TEST_F(KeeperTest, WaitsForNoCaptureThatWasMissedBefore)
{
    close_after_writing("a", "content");
    keeper_->missed(next_outcome().number);
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    auto outcome = next_outcome();
    EXPECT_EQ(event::Occasion::open, outcome.occasion);
    commit(std::move(outcome));
    EXPECT_EQ(1, answers_->count);
}

TEST_F(KeeperTest, LetsNobodyWaitForACloseThatWasRefused)
{
    pool_->stop(); // takes nothing more
    close_after_writing("a", "content");
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    EXPECT_EQ(1, answers_->count) << "allowed as it goes";
}

TEST_F(KeeperTest, CapturesWhatSomebodyOpensWhoWasAskedAboutBeforeLettingGo)
{
    make(dir_ / "a", "content").reset();
    keeper_->ask(who_);
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    keeper_->allow(who_);
    EXPECT_EQ(0, answers_->count) << "the vault does not hold what is there";
    commit(next_outcome());
    EXPECT_EQ(1, answers_->count);
    EXPECT_EQ(0, answers_->denials);
}

TEST_F(KeeperTest, RefusesTheOpensOfWhomAPersonHasStopped)
{
    make(dir_ / "a", "content").reset();
    keeper_->ask(who_);
    EXPECT_EQ(sensor::Ruling::hold, ask("a"));
    keeper_->deny(who_);
    EXPECT_EQ(1, answers_->denials);
    EXPECT_EQ(sensor::Ruling::deny, ask("a"));
}

TEST_F(KeeperTest, RefusesAnOpenOfWhomSomebodyHasStoppedBetweenItsRulingAndItsHold)
{
    make(dir_ / "a", "content").reset();
    keeper_->ask(who_);
    auto fd = open("a");
    EXPECT_EQ(sensor::Ruling::hold, keeper_->rule_open(fd.get(), somebody));
    keeper_->deny(who_);
    hold(std::move(fd));
    EXPECT_EQ(1, answers_->denials);
}

} // namespace
} // namespace tocsin::guard
