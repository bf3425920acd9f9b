// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <thread>

#include "tocsin/capture/testing/pool.h"

namespace tocsin::capture {
namespace {

using PoolTest = PoolFixture;

TEST_F(PoolTest, KeepsAThreadFreeForSmallFilesWhileLargeOnesAreRead)
{
    test::TempDir dir;
    start(dir.path());
    for (auto const* name : {"a", "b", "c"}) {
        auto large = make(dir / name, "");
        ASSERT_OK(sys::truncate(large.get(), 64ULL << 30)); // 40 seconds of hashing
        add_close(std::move(large));
    }
    add_close(make(dir / "small", "small"));
    auto outcome = wait_for(dir / "small");
    ASSERT_TRUE(outcome);
    EXPECT_EQ("small", content_of(*outcome));
    auto began = steady_now();
    pool_->stop();
    EXPECT_LT(steady_now() - began, 5s) << "large files are given up";
    EXPECT_EQ(4u, count()) << "of each something is told";
}

// Notes by which of the kernel's policies the thread reads that asks about the tree.
class PolicyTree final : public Surroundings {
public:
    explicit PolicyTree(std::string const& path) : dir_(sys::open(path, O_RDONLY | O_DIRECTORY).take()) { }
    int mount_fd(std::uint64_t) const override { return dir_.get(); }
    bool is_excluded(std::string const&) const override { return false; }
    bool excludes_any() const override
    {
        std::lock_guard lock(mutex_);
        policies_.push_back(::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK);
        return false;
    }
    std::vector<int> policies() const
    {
        std::lock_guard lock(mutex_);
        return policies_;
    }

private:
    UniqueFd dir_;
    mutable std::mutex mutex_;
    mutable std::vector<int> policies_;
};

class PatientPoolTest : public PoolFixture {
protected:
    void add_and_wait(Pool& pool, std::string const& name)
    {
        Job job;
        job.occasion = event::Occasion::close;
        job.fd = make(dir_ / name, name);
        job.can_wait = true;
        ASSERT_EQ(Pool::Added::yes, pool.add(std::move(job)));
        while (pool.backlog() > 0)
            std::this_thread::sleep_for(1ms);
    }
    test::TempDir dir_;
    PolicyTree tree_{dir_.path()};
};

TEST_F(PatientPoolTest, ReadsWhatCanWaitOnIdleProcessors)
{
    Pool pool(*repository_, tree_, sink_, limits_);
    add_and_wait(pool, "a");
    add_and_wait(pool, "b");
    EXPECT_EQ((std::vector{SCHED_IDLE, SCHED_IDLE}), tree_.policies());
}

TEST_F(PatientPoolTest, ReadsWhatHasWaitedForLongAtOnce)
{
    limits_.patience = 0ms;
    Pool pool(*repository_, tree_, sink_, limits_);
    add_and_wait(pool, "a");
    EXPECT_EQ((std::vector{SCHED_OTHER}), tree_.policies());
}

TEST_F(PatientPoolTest, HurriesForWhoWaitsForAll)
{
    Pool pool(*repository_, tree_, sink_, limits_);
    pool.hurry();
    add_and_wait(pool, "while somebody waits");
    add_and_wait(pool, "nobody waits any more");
    EXPECT_EQ((std::vector{SCHED_OTHER, SCHED_IDLE}), tree_.policies());
}

TEST_F(PoolTest, HurriesAtTheEndAndLosesNothingThatCanWait)
{
    test::TempDir dir;
    start(dir.path());
    for (int i = 0; i < 200; ++i) {
        Job job;
        job.occasion = event::Occasion::close;
        job.fd = make(dir / std::to_string(i), "content");
        job.can_wait = true;
        ASSERT_EQ(Pool::Added::yes, pool_->add(std::move(job)));
    }
    pool_->stop();
    EXPECT_EQ(200u, count());
}

TEST_F(PoolTest, ReadsALargeFileByTheThreadThatMay)
{
    test::TempDir dir;
    limits_.large_bytes = 10;
    start(dir.path());
    add_close(make(dir / "a", "more than ten bytes"));
    add_close(make(dir / "b", "more than ten bytes, too"));
    ASSERT_TRUE(wait_for(dir / "a"));
    EXPECT_EQ("more than ten bytes, too", content_of(*wait_for(dir / "b")));
    pool_->stop();
    EXPECT_EQ(0u, pool_->backlog());
}

TEST_F(PoolTest, ReadsBeforeAllOthersWhatSomebodyWaitsFor)
{
    test::TempDir dir;
    limits_.threads = 1;
    start(dir.path());
    auto busy = make(dir / "busy", "");
    ASSERT_OK(sys::truncate(busy.get(), 64ULL << 30)); // its only thread has to do until the end
    add_close(std::move(busy));
    for (std::uint64_t i = 1; i <= 100; ++i) {
        Job job;
        job.occasion = event::Occasion::close;
        job.fd = make(dir / std::to_string(i), std::to_string(i));
        job.number = {1, i};
        job.can_wait = i % 2 == 0;
        ASSERT_EQ(Pool::Added::yes, pool_->add(std::move(job)));
    }
    auto const channel = std::make_shared<Opener>([] { });
    auto const held = std::make_shared<sensor::HeldOpen>(channel, UniqueFd(), 1, steady_now());
    pool_->hasten({1, 100}, held);
    pool_->hasten({1, 99}, held);
    pool_->hasten({2, 1}, held); // nobody has added it
    pool_->stop();
    ASSERT_EQ(101u, count());
    std::erase_if(sink_.outcomes, [](auto const& outcome) { return !outcome.version.ok(); });
    ASSERT_EQ(100u, count()) << "all but what kept it busy";
    EXPECT_EQ("100", content_of(sink_.outcomes[0].version.take()));
    EXPECT_EQ("99", content_of(sink_.outcomes[1].version.take()));
    EXPECT_FALSE(held->answered()) << "it may write";
}

} // namespace
} // namespace tocsin::capture
