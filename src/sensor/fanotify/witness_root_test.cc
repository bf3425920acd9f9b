// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/witness.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sys/stat.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::sensor::fanotify {
namespace {

namespace fs = std::filesystem;

class WitnessTest : public test::EachMountTest {
protected:
    void prepare() override
    {
        write("a", "one");
        fs::create_directory(*mount_ / "sub");
        witness_ = open_witness().take();
        for (auto const& name : {"", "sub"}) {
            auto dir = sys::open(*mount_ / name, O_RDONLY | O_DIRECTORY).take();
            ASSERT_OK(witness_->mark(dir.get(), MarkScope::directory));
        }
    }

    void write(std::string const& name, std::string const& text) { std::ofstream(*mount_ / name) << text; }
    event::ObjectKey key(std::string const& name)
    {
        auto fd = sys::open(*mount_ / name, O_PATH | O_NOFOLLOW).take();
        return {sys::filesystem_id(fd.get()).take(), sys::handle_of(fd.get()).take()};
    }
    // The first event that has `change`, of those that wait.
    WitnessEvent next(Change change)
    {
        for (auto& event : witness_->drain().take()) {
            if (event.has(change))
                return event;
        }
        ADD_FAILURE() << "no such event";
        return {};
    }

    std::unique_ptr<Witness> witness_;
};

TEST_P(WitnessTest, NamesTheObjectOfADeletion)
{
    auto victim = key("a");
    fs::remove(*mount_ / "a");
    auto event = next(Change::deleted);
    EXPECT_EQ(victim, event.object);
    EXPECT_EQ(key(""), event.directory);
    EXPECT_EQ("a", event.name);
    EXPECT_EQ(::getpid(), event.pid);
}

TEST_P(WitnessTest, NamesBothEndsOfARename)
{
    auto moved = key("a");
    fs::rename(*mount_ / "a", *mount_ / "sub/b");
    auto event = next(Change::renamed);
    EXPECT_EQ(moved, event.object);
    EXPECT_EQ("a", event.name);
    EXPECT_EQ(key("sub"), event.new_directory);
    EXPECT_EQ("b", event.new_name);
}

TEST_P(WitnessTest, SeesADirectoryBeingMade)
{
    fs::create_directory(*mount_ / "new");
    auto event = next(Change::created);
    EXPECT_TRUE(event.is_directory);
    EXPECT_EQ(key("new"), event.object);
}

TEST_P(WitnessTest, SeesTruncationByPath)
{
    ASSERT_EQ(0, ::truncate((*mount_ / "a").c_str(), 0));
    EXPECT_EQ(key("a"), next(Change::modified).object);
}

TEST_P(WitnessTest, SeesAttributesOfFilesAndOfTheDirectoryItself)
{
    ASSERT_EQ(0, ::chmod((*mount_ / "a").c_str(), 0));
    EXPECT_EQ(key("a"), next(Change::attributes).object);
    ASSERT_EQ(0, ::chmod((*mount_ / "sub").c_str(), 0700));
    auto events = witness_->drain().take();
    EXPECT_TRUE(std::ranges::any_of(events, [&](auto const& e) { return e.object == key("sub"); }));
}

TEST_P(WitnessTest, RaisesTheAlarmForWhatGoesAndNotForWhatComes)
{
    auto is_raised = [&] {
        pollfd alarm{witness_->alarm_fd(), POLLIN, 0};
        return ::poll(&alarm, 1, 0) > 0;
    };
    write("new", "two");
    ASSERT_EQ(0, ::chmod((*mount_ / "new").c_str(), 0600));
    EXPECT_FALSE(is_raised());
    fs::rename(*mount_ / "new", *mount_ / "sub/new");
    EXPECT_TRUE(is_raised());
    witness_->quiet_alarm();
    EXPECT_FALSE(is_raised());
    fs::remove(*mount_ / "sub/new");
    EXPECT_TRUE(is_raised());
}

INSTANTIATE_TEST_SUITE_P(FileSystems, WitnessTest, testing::Values("ext4", "xfs", "btrfs"),
    [](auto const& fs_type) { return std::string(fs_type.param); });

TEST(WitnessParser, RefusesAnEventThatLeadsOutOfTheBuffer)
{
    std::uint64_t overflows = 0;
    Bytes bytes(24, std::byte{0xff});
    EXPECT_ERRC(Errc::corrupt, parse_events(bytes, overflows));
    EXPECT_ERRC(Errc::corrupt, parse_events(ByteView(bytes).first(10), overflows));
}

} // namespace
} // namespace tocsin::sensor::fanotify
