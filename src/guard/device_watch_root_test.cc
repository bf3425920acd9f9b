// SPDX-License-Identifier: Apache-2.0
// Which devices are guarded, with a gate that only takes notes.
#include "tocsin/guard/device_watch.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <thread>

#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::guard {
namespace {

using sensor::DeviceNumber;
using sensor::RefusedWrite;

// What a gate was told, and what it has yet to tell; both are shared with the test.
struct Notes {
    std::mutex mutex;
    std::set<DeviceNumber> refused;
    std::vector<RefusedWrite> attempts;
    UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

    bool has(DeviceNumber device)
    {
        std::lock_guard lock(mutex);
        return refused.contains(device);
    }
};

class FakeGate final : public sensor::DeviceGate {
public:
    explicit FakeGate(Notes& notes) : notes_(notes) { }
    Result<void> refuse(DeviceNumber device) override
    {
        std::lock_guard lock(notes_.mutex);
        notes_.refused.insert(device);
        return {};
    }
    void allow(DeviceNumber device) override
    {
        std::lock_guard lock(notes_.mutex);
        notes_.refused.erase(device);
    }
    int fd() const override { return notes_.bell.get(); }
    void drain(std::function<void(RefusedWrite&&)> const& sink) override
    {
        eventfd_t ignored = 0;
        (void)::eventfd_read(notes_.bell.get(), &ignored);
        std::vector<RefusedWrite> attempts;
        {
            std::lock_guard lock(notes_.mutex);
            attempts.swap(notes_.attempts);
        }
        for (auto& attempt : attempts) // the sink takes notes, too
            sink(std::move(attempt));
    }
    std::uint64_t refusals() const override { return 0; }

private:
    Notes& notes_;
};

// A loop device that frees itself with this.
class Loop {
public:
    explicit Loop(std::string const& file)
    {
        auto const control = sys::open("/dev/loop-control", O_RDWR).take();
        loop_config config{};
        auto const backing = sys::open(file, O_RDWR).take();
        config.fd = static_cast<std::uint32_t>(backing.get());
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        do { // again where somebody else has taken it meanwhile
            number_ = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
            fd_ = sys::open("/dev/loop" + std::to_string(number_), O_RDWR).take();
            is_attached_ = ::ioctl(fd_.get(), LOOP_CONFIGURE, &config) == 0;
        } while (!is_attached_ && errno == EBUSY);
    }
    bool is_attached() const { return is_attached_; }
    DeviceNumber device() const { return {7, static_cast<std::uint32_t>(number_)}; }

private:
    int number_ = -1;
    UniqueFd fd_;
    bool is_attached_ = false;
};

class DeviceWatchTest : public test::MountTest {
protected:
    DeviceWatchTest() : test::MountTest("ext4") { }

    void prepare() override
    {
        for (auto const* name : {"tree", "beside"})
            ASSERT_OK(sys::make_dirs(*mount_ / name, 0755));
        auto tree = open_tree(*mount_ / "tree").take();
        device_ = sensor::devices_under(sensor::BlockDevices("/sys"), tree.fd.get()).take();
        tree.root = event::RootId{1};
        tree.excludes = {"*.raw"};
        trees_.add(std::move(tree));
        watch_.emplace(std::unique_ptr<sensor::DeviceGate>(std::make_unique<FakeGate>(notes_)), trees_,
            [this](RefusedWrite const& write, std::string const&) {
                std::lock_guard lock(notes_.mutex);
                told_.push_back(write.command);
            });
        watch_->refresh();
    }

    std::string make_file(std::string const& name)
    {
        auto const path = *mount_ / name;
        auto const fd = sys::open(path, O_RDWR | O_CREAT, 0600).take();
        EXPECT_OK(sys::truncate(fd.get(), 1 << 20));
        return path;
    }
    static bool soon(std::function<bool()> const& what)
    {
        for (int i = 0; i < 300 && !what(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return what();
    }
    void attempt(std::string const& command)
    {
        std::lock_guard lock(notes_.mutex);
        notes_.attempts.push_back({*device_.begin(), {}, 0, command});
        (void)::eventfd_write(notes_.bell.get(), 1);
    }
    std::vector<std::string> told()
    {
        std::lock_guard lock(notes_.mutex);
        return told_;
    }

    sensor::DeviceNumbers device_;
    Trees trees_;
    Notes notes_;
    std::vector<std::string> told_; // under the notes' mutex
    std::optional<DeviceWatch> watch_;
};

TEST_F(DeviceWatchTest, GuardsWhatATreeLiesOnWhileItIsOne)
{
    EXPECT_EQ(device_, notes_.refused);
    EXPECT_TRUE(watch_->what_holds().holds);
    trees_.remove(event::RootId{1});
    watch_->refresh();
    EXPECT_TRUE(notes_.refused.empty());
}

TEST_F(DeviceWatchTest, GuardsALoopDeviceOverAProtectedFileSoonAfterItIsAttached)
{
    Loop const over_protected(make_file("tree/victim"));
    Loop const over_excluded(make_file("tree/machine.raw"));
    Loop const over_other(make_file("beside/image"));
    ASSERT_TRUE(over_protected.is_attached() && over_excluded.is_attached() && over_other.is_attached());
    EXPECT_TRUE(soon([&] { return notes_.has(over_protected.device()); }));
    watch_->refresh();
    EXPECT_FALSE(notes_.has(over_excluded.device()));
    EXPECT_FALSE(notes_.has(over_other.device()));
}

TEST_F(DeviceWatchTest, LetsALoopDeviceGoWithItsFile)
{
    DeviceNumber device;
    {
        Loop const loop(make_file("tree/victim"));
        device = loop.device();
        ASSERT_TRUE(soon([&] { return notes_.has(device); }));
    }
    EXPECT_TRUE(soon([&] { return !notes_.has(device); }));
}

TEST_F(DeviceWatchTest, AllowsWritesForATime)
{
    watch_->allow_writes(std::chrono::hours(1));
    EXPECT_TRUE(notes_.refused.empty());
    EXPECT_FALSE(watch_->what_holds().holds);
    watch_->allow_writes(std::chrono::seconds(0));
    EXPECT_EQ(device_, notes_.refused);
    watch_->allow_writes(std::chrono::seconds(1));
    EXPECT_TRUE(notes_.refused.empty());
    EXPECT_TRUE(soon([&] { return notes_.has(*device_.begin()); }));
}

TEST_F(DeviceWatchTest, TellsOfEachProgramOnce)
{
    for (auto const* command : {"mkfs.ext4", "wipefs", "mkfs.ext4", "mkfs.ext4"})
        attempt(command);
    EXPECT_TRUE(soon([&] { return told().size() == 2; }));
    attempt("wipefs");
    attempt("dd");
    EXPECT_TRUE(soon([&] { return told().size() == 3; }));
    EXPECT_EQ((std::vector<std::string>{"mkfs.ext4", "wipefs", "dd"}), told());
}

TEST_F(DeviceWatchTest, SaysWhyThereIsNoGate)
{
    DeviceWatch const none(Error(Errc::unsupported, "no programs here"), trees_,
        [](RefusedWrite const&, std::string const&) { });
    EXPECT_FALSE(none.what_holds().holds);
    EXPECT_NE(std::string::npos, none.what_holds().reason.find("no programs here"));
}

} // namespace
} // namespace tocsin::guard
