// SPDX-License-Identifier: Apache-2.0
// Clones need a file system with reflinks.
#include "tocsin/base/test_mount.h"
#include "tocsin/capture/testing/pool.h"

namespace tocsin::capture {
namespace {

class ClonePoolTest : public PoolFixture, public testing::WithParamInterface<char const*> { };

TEST_P(ClonePoolTest, KeepsWhatAnOpenerTruncatesAsSoonAsItIsLetGo)
{
    if (auto reason = test::why_no_mounts(); !reason.empty())
        GTEST_SKIP() << reason;
    test::LoopMount mount(GetParam());
    ASSERT_TRUE(mount.ok()) << "no " << GetParam() << " on a loop device";
    std::string const content(6'000'000, 'x');
    auto path = mount / "file";
    auto fd = make(path, content);
    auto opener = std::make_shared<Opener>([&] { EXPECT_EQ(0, ::truncate(path.c_str(), 0)); });
    start(mount.path());
    Job job;
    job.occasion = event::Occasion::open;
    job.held = std::make_shared<sensor::HeldOpen>(opener, std::move(fd), ::getpid(), steady_now());
    ASSERT_EQ(Pool::Added::yes, pool_->add(std::move(job)));
    auto version = wait_for(path);
    ASSERT_TRUE(version);
    EXPECT_EQ(content.size(), version->metadata.size);
    EXPECT_TRUE(content == content_of(*version));
    EXPECT_EQ(Sha256::of(as_bytes(content)), version->digest);
    pool_.reset();
    sink_.outcomes.clear(); // its descriptors, before the file system goes
    around_.dir.reset();
}

INSTANTIATE_TEST_SUITE_P(FileSystems, ClonePoolTest, testing::Values("xfs", "btrfs"),
    [](auto const& fs_type) { return std::string(fs_type.param); });

} // namespace
} // namespace tocsin::capture
