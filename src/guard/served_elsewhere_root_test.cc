// SPDX-License-Identifier: Apache-2.0
// A file system of FUSE whose process never answers.
#include "tocsin/guard/served_elsewhere.h"

#include <condition_variable>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <sys/mman.h>
#include <sys/mount.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/guard/executables.h"

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;

class ServedElsewhereTest : public testing::Test {
protected:
    void SetUp() override
    {
        auto device = sys::open("/dev/fuse", O_RDWR);
        if (!device.ok())
            GTEST_SKIP() << device.error().message();
        server_ = device.take();
        auto const options = fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", server_.get());
        if (::mount("silent", dir_.path().c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
            GTEST_SKIP() << "no mount of FUSE: " << errno;
    }
    ~ServedElsewhereTest() override
    {
        server_.reset(); // whoever waits for it gets an error
        (void)::umount2(dir_.path().c_str(), MNT_DETACH);
    }

    test::TempDir dir_;
    UniqueFd server_;
};

TEST_F(ServedElsewhereTest, TellsFuseFromWhatTheKernelServes)
{
    auto const place = sys::open(dir_.path(), O_PATH).take();
    EXPECT_TRUE(is_served_elsewhere(place, ::getpid()).take());
    test::TempDir other;
    EXPECT_FALSE(is_served_elsewhere(sys::open(other.path(), O_PATH).take(), ::getpid()).take());
    UniqueFd const nameless(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_FALSE(is_served_elsewhere(nameless, ::getpid()).take());
}

TEST_F(ServedElsewhereTest, ExecutablesDoNotWaitForOne)
{
    std::mutex mutex;
    std::condition_variable told;
    std::optional<event::Executable> out;
    Executables executables([&](event::Executable one) {
        std::lock_guard lock(mutex);
        out = std::move(one);
        told.notify_all();
    });
    executables.note({7}, {{{5'000'001, 1}, dir_ / "program"}});
    {
        std::unique_lock lock(mutex);
        EXPECT_TRUE(told.wait_for(lock, 3s, [&] { return out.has_value(); }));
    }
    server_.reset(); // where it does wait the test ends all the same
    EXPECT_TRUE(out && !out->why_not.empty());
}

} // namespace
} // namespace tocsin::guard
