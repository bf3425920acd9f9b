// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/block_devices.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "tocsin/base/test.h"

namespace tocsin::sensor {
namespace {

namespace fs = std::filesystem;

constexpr DeviceNumber disk{8, 0};
constexpr DeviceNumber other_disk{8, 16};
constexpr DeviceNumber partition{8, 1};
constexpr DeviceNumber volume{253, 0};

// A sysfs of the test's own, with the links that the kernel's has.
class BlockDevicesTest : public testing::Test {
protected:
    void SetUp() override
    {
        fs::create_directories(sys_ / "dev/block");
        fs::create_directories(sys_ / "block");
    }

    void write(std::string const& path, std::string const& text)
    {
        fs::create_directories(fs::path(sys_ / path).parent_path());
        std::ofstream(sys_ / path) << text;
    }
    // Below `devices`: "sda", "sda/sda1".
    void add(DeviceNumber number, std::string const& place)
    {
        auto const text = fmt::format("{}:{}", number.major, number.minor);
        write("devices/" + place + "/dev", text + "\n");
        fs::create_directory_symlink("../../devices/" + place, sys_ / ("dev/block/" + text));
        if (place.find('/') == std::string::npos)
            fs::create_directory_symlink("../devices/" + place, sys_ / ("block/" + place));
    }
    void add_partition(DeviceNumber number, std::string const& place)
    {
        add(number, place);
        write("devices/" + place + "/partition", "1\n");
    }
    void lies_on(std::string const& place, std::string const& below)
    {
        fs::create_directories(sys_ / ("devices/" + place + "/slaves"));
        fs::create_directory_symlink(fs::absolute(sys_ / ("devices/" + below)),
            sys_ / ("devices/" + place + "/slaves/" + fs::path(below).filename().string()));
    }

    test::TempDir sys_;
    BlockDevices devices_{sys_ / ""};
};

TEST_F(BlockDevicesTest, FindsTheDiskOfAPartition)
{
    add(disk, "sda");
    add_partition(partition, "sda/sda1");
    EXPECT_EQ((DeviceNumbers{disk, partition}), devices_.at_and_below(partition).take());
    EXPECT_EQ((DeviceNumbers{disk}), devices_.at_and_below(disk).take());
}

TEST_F(BlockDevicesTest, FindsAllThatAVolumeIsMadeOf)
{
    add(disk, "sda");
    add_partition(partition, "sda/sda1");
    add(other_disk, "sdb");
    add(volume, "dm-0");
    lies_on("dm-0", "sda/sda1");
    lies_on("dm-0", "sdb");
    EXPECT_EQ((DeviceNumbers{disk, partition, other_disk, volume}), devices_.at_and_below(volume).take());
}

TEST_F(BlockDevicesTest, EndsWhereDevicesLieOnEachOther)
{
    add(disk, "sda");
    add(volume, "dm-0");
    lies_on("dm-0", "sda");
    lies_on("sda", "dm-0");
    EXPECT_EQ((DeviceNumbers{disk, volume}), devices_.at_and_below(volume).take());
}

TEST_F(BlockDevicesTest, SaysWhereADeviceIsNotKnown)
{
    EXPECT_EQ(Errc::not_found, devices_.at_and_below(disk).error().code());
}

TEST_F(BlockDevicesTest, FindsAllDevicesOfABtrfs)
{
    write("fs/btrfs/3f2c/devices/sda/dev", "8:0\n");
    write("fs/btrfs/3f2c/devices/sdb/dev", "8:16\n");
    EXPECT_THAT(devices_.of_btrfs("3f2c").take(), testing::UnorderedElementsAre(disk, other_disk));
    EXPECT_EQ(Errc::not_found, devices_.of_btrfs("other").error().code());
}

TEST_F(BlockDevicesTest, TellsWhichFilesLoopDevicesShow)
{
    add({7, 0}, "loop0");
    add({7, 1}, "loop1"); // nothing is attached
    add(disk, "sda");
    write("devices/loop0/loop/backing_file", "/srv/an image\n");
    auto const loops = devices_.attached_loops();
    ASSERT_EQ(1U, loops.size());
    EXPECT_EQ((DeviceNumber{7, 0}), loops.front().device);
    EXPECT_EQ("/srv/an image", loops.front().backing_file);
}

TEST_F(BlockDevicesTest, NamesADeviceAsItsNodeIsNamed)
{
    add({104, 0}, "cciss!c0d0");
    EXPECT_EQ("cciss/c0d0", devices_.name_of({104, 0}));
    EXPECT_EQ("9:9", devices_.name_of({9, 9}));
}

TEST_F(BlockDevicesTest, TakesNothingFromAFileThatHoldsNoNumber)
{
    add(volume, "dm-0");
    for (auto const* text : {"", "8", "8:", ":1", "8:x", "8:1x", "-1:0", "99999999999:0"}) {
        write("devices/dm-0/slaves/one/dev", text);
        EXPECT_EQ((DeviceNumbers{volume}), devices_.at_and_below(volume).take()) << text;
    }
}

} // namespace
} // namespace tocsin::sensor
