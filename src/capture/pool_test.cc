// SPDX-License-Identifier: Apache-2.0
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
