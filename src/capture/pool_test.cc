// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <thread>

#include "tocsin/capture/pool_testing.h"

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

// Notes by which of the kernel's policies the thread of each outcome runs.
class PolicySink final : public Sink {
public:
    void captured(Outcome) override
    {
        std::lock_guard lock(mutex);
        policies.push_back(::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK);
    }
    std::mutex mutex;
    std::vector<int> policies;
};

TEST_F(PoolTest, ReadsWhatCanWaitOnIdleProcessorsUnlessItWaitedForLong)
{
    for (auto const& [patience, policy] : {std::pair{10'000ms, SCHED_IDLE}, std::pair{0ms, SCHED_OTHER}}) {
        test::TempDir dir;
        PolicySink sink;
        around_.dir = sys::open(dir.path(), O_RDONLY | O_DIRECTORY).take();
        limits_.patience = patience;
        Pool pool(*repository_, around_, sink, limits_);
        for (auto const* name : {"a", "b", "c"}) {
            Job job;
            job.occasion = event::Occasion::close;
            job.fd = make(dir / name, name);
            job.can_wait = true;
            ASSERT_EQ(Pool::Added::yes, pool.add(std::move(job)));
        }
        while (pool.backlog() > 0)
            std::this_thread::sleep_for(1ms);
        EXPECT_EQ(std::vector(3, policy), sink.policies);
    }
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

} // namespace
} // namespace tocsin::capture
