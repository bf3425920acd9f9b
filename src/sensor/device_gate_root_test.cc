// SPDX-License-Identifier: Apache-2.0
// The kernel's own answers, on a loop device of the test's.
#include "tocsin/sensor/device_gate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::sensor {
namespace {

class DeviceGateTest : public test::EachMountTest {
protected:
    void prepare() override
    {
        auto gate = open_device_gate();
        if (!gate.ok())
            GTEST_SKIP() << gate.error().message();
        gate_ = gate.take();
        auto const root = sys::open(mount_->path(), O_RDONLY | O_DIRECTORY).take();
        auto const under = devices_under(devices_, root.get()).take();
        ASSERT_EQ(1U, under.size());
        device_ = *under.begin();
        node_ = "/dev/" + devices_.name_of(device_);
    }

    static int error_of_open(std::string const& path, int flags)
    {
        auto fd = sys::open(path, flags);
        return fd.ok() ? 0 : fd.error().errno_value();
    }
    std::vector<RefusedWrite> refused()
    {
        std::vector<RefusedWrite> out;
        gate_->drain([&](RefusedWrite&& write) { out.push_back(std::move(write)); });
        return out;
    }

    BlockDevices devices_{"/sys"};
    std::unique_ptr<DeviceGate> gate_;
    DeviceNumber device_;
    std::string node_;
};

TEST_P(DeviceGateTest, RefusesWritingAndNothingElse)
{
    EXPECT_EQ(0, error_of_open(node_, O_RDWR));
    ASSERT_OK(gate_->refuse(device_));
    EXPECT_EQ(EPERM, error_of_open(node_, O_RDWR));
    EXPECT_EQ(EPERM, error_of_open(node_, O_WRONLY));
    EXPECT_EQ(0, error_of_open(node_, O_RDONLY));
    EXPECT_EQ(0, error_of_open("/dev/null", O_RDWR));
    gate_->allow(device_);
    EXPECT_EQ(0, error_of_open(node_, O_RDWR));
}

TEST_P(DeviceGateTest, KnowsADeviceByWhicheverNode)
{
    ASSERT_OK(gate_->refuse(device_));
    auto const node = mount_->beside() / "node";
    ASSERT_EQ(0, ::mknod(node.c_str(), S_IFBLK | 0600, makedev(device_.major, device_.minor)));
    EXPECT_EQ(EPERM, error_of_open(node, O_RDWR));
}

TEST_P(DeviceGateTest, TellsWhoWasRefused)
{
    ASSERT_OK(gate_->refuse(device_));
    EXPECT_EQ(EPERM, error_of_open(node_, O_RDWR));
    auto const told = refused();
    ASSERT_EQ(1U, told.size());
    EXPECT_EQ(device_, told.front().device);
    EXPECT_EQ(::getpid(), told.front().process.pid);
    EXPECT_NE(0U, told.front().process.start_ticks);
    EXPECT_FALSE(told.front().command.empty());
    EXPECT_EQ(1U, gate_->refusals());
}

TEST_P(DeviceGateTest, CountsWhatItHasNoRoomToTell)
{
    ASSERT_OK(gate_->refuse(device_));
    constexpr std::uint64_t attempts = 5000; // the ring holds about 1,100
    for (std::uint64_t i = 0; i < attempts; ++i)
        ASSERT_EQ(EPERM, error_of_open(node_, O_RDWR));
    EXPECT_LT(refused().size(), attempts);
    EXPECT_EQ(attempts, gate_->refusals());
}

TEST_P(DeviceGateTest, EndsWithTheEngine)
{
    ASSERT_OK(gate_->refuse(device_));
    gate_.reset();
    EXPECT_EQ(0, error_of_open(node_, O_RDWR));
}

INSTANTIATE_TEST_SUITE_P(FileSystems, DeviceGateTest, testing::Values("ext4", "xfs", "btrfs"));

} // namespace
} // namespace tocsin::sensor
