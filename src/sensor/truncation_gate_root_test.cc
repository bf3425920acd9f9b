// SPDX-License-Identifier: Apache-2.0
// The kernel's own answers. Where it takes no LSM programs it is skipped, with the reason.
#include "tocsin/sensor/truncation_gate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::sensor {
namespace {

class TruncationGateTest : public test::EachMountTest {
protected:
    void SetUp() override
    {
        auto gate = open_truncation_gate();
        if (!gate.ok())
            GTEST_SKIP() << gate.error().message();
        gate_ = gate.take();
        test::EachMountTest::SetUp();
    }
    void prepare() override
    {
        ASSERT_OK(sys::make_dirs(*mount_ / "tree", 0755));
        tree_ = sys::open(*mount_ / "tree", O_RDONLY | O_DIRECTORY).take();
        ASSERT_OK(gate_->watch(tree_.get()));
        write_and_close();
    }

    void write_and_close() const
    {
        auto const file = sys::open(path(), O_WRONLY | O_CREAT | O_APPEND, 0600).take();
        ASSERT_EQ(7, ::write(file.get(), "content", 7));
    }
    std::string path() const { return *mount_ / "tree/file"; }
    int error_of_truncate(off_t size) const { return ::truncate(path().c_str(), size) == 0 ? 0 : errno; }
    void keep() const
    {
        struct stat found{};
        ASSERT_EQ(0, ::stat(path().c_str(), &found));
        auto const file = sys::open(path(), O_PATH).take();
        event::Stamp stamp;
        stamp.size = static_cast<std::uint64_t>(found.st_size);
        stamp.mtime_ns = to_nanoseconds(found.st_mtim);
        gate_->kept(file.get(), stamp);
    }

    std::unique_ptr<TruncationGate> gate_;
    UniqueFd tree_;
};

TEST_P(TruncationGateTest, RefusesUntilTheFileIsKept)
{
    EXPECT_EQ(EINTR, error_of_truncate(0));
    keep();
    EXPECT_EQ(0, error_of_truncate(0));
    EXPECT_EQ(1U, gate_->counters().refused);
}

TEST_P(TruncationGateTest, LetsGoAtTheBound)
{
    EXPECT_EQ(EINTR, error_of_truncate(0));
    (void)::usleep(2'100'000);
    EXPECT_EQ(0, error_of_truncate(0));
    EXPECT_EQ(1U, gate_->counters().let_go);
}

TEST_P(TruncationGateTest, RefusesAfterASetTime)
{
    keep();
    timespec const times[]{{1, 0}, {1, 0}};
    ASSERT_EQ(0, ::utimensat(AT_FDCWD, path().c_str(), times, 0));
    EXPECT_EQ(EINTR, error_of_truncate(0));
}

TEST_P(TruncationGateTest, LeavesAloneWhatLosesNothing)
{
    EXPECT_EQ(0, error_of_truncate(7)); // as long as it is
    EXPECT_EQ(0, error_of_truncate(100));
    auto const file = sys::open(path(), O_WRONLY).take();
    EXPECT_EQ(0, ::ftruncate(file.get(), 3));
    EXPECT_EQ(0, error_of_truncate(1)); // it is open for writing
}

TEST_P(TruncationGateTest, RefusesNothingWhereNothingIsKept)
{
    gate_->set_refusing(false);
    EXPECT_EQ(0, error_of_truncate(0));
}

TEST_P(TruncationGateTest, LeavesOutWhatNobodyKeeps)
{
    gate_->left_out(sys::open(path(), O_PATH).take().get());
    EXPECT_EQ(0, error_of_truncate(0));
}

INSTANTIATE_TEST_SUITE_P(FileSystems, TruncationGateTest, testing::Values("ext4", "xfs", "btrfs"));

} // namespace
} // namespace tocsin::sensor
