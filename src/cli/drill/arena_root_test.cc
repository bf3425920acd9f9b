// SPDX-License-Identifier: Apache-2.0
// Needs root and loop devices. Destroyers run for real, on the arena's own file system only.
#include <filesystem>
#include <fstream>
#include <thread>

#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/cli/drill/arena.h"

namespace tocsin::cli {
namespace {

namespace fs = std::filesystem;

class ArenaTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "needs root to mount a loop device";
        if (!sys::is_mount_point("/").take())
            GTEST_SKIP() << "'/' is no mount point here (a chroot)";
        if (!fs::exists("/dev/loop-control"))
            GTEST_SKIP() << "this host has no loop devices";
        ASSERT_OK(sys::make_dirs(work_ / "source/folder", 0755));
        for (int i = 0; i < 20; ++i)
            std::ofstream(work_ / ("source/folder/file-" + std::to_string(i))) << std::string(10'000, 'a');
        auto sample = sample_of_folder(work_ / "source");
        ASSERT_OK(sample);
        auto arena = Arena::make(work_.path(), sample.take());
        ASSERT_OK(arena);
        arena_.emplace(arena.take());
        ASSERT_OK(arena_->reset());
    }
    std::size_t arenas_left() const
    {
        std::size_t count = 0;
        for (auto const& found : fs::directory_iterator(work_.path()))
            count += found.path().filename().string().starts_with("tocsin-drill-") ? 1 : 0;
        return count;
    }

    test::TempDir work_;
    Interrupts interrupts_;
    std::optional<Arena> arena_;
};

TEST_F(ArenaTest, GivesTheSameTreeEachTime)
{
    EXPECT_EQ(20u, count_files(arena_->before()));
    fs::remove(arena_->tree() + "/folder/file-0");
    ASSERT_OK(arena_->reset());
    EXPECT_TRUE(compare(arena_->before(), take_manifest(arena_->tree()).take()).identical());
}

TEST_F(ArenaTest, LeavesNothingBehind)
{
    EXPECT_EQ(1u, arenas_left());
    arena_.reset();
    EXPECT_EQ(0u, arenas_left());
}

TEST_F(ArenaTest, LeavesALivingDrillAlone)
{
    remove_leftovers(work_.path());
    EXPECT_TRUE(fs::exists(arena_->tree()));
}

TEST_F(ArenaTest, DestroysEveryFileWithEachDestroyerAndNothingElse)
{
    auto source = take_manifest(work_ / "source").take();
    UniqueFd log = sys::open("/dev/null", O_WRONLY).take();
    for (auto const& destroyer : all_destroyers()) {
        ASSERT_OK(arena_->reset());
        auto running = release_into(arena_->cage(), destroyer, interrupts_, log.get());
        ASSERT_OK(running);
        auto child = running.take();
        auto deadline = steady_now() + std::chrono::seconds(60);
        while (!child.ended() && steady_now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_TRUE(child.ended()) << destroyer.name;
        auto comparison = compare(arena_->before(), take_manifest(arena_->tree()).take());
        EXPECT_EQ(20u, comparison.files_lost) << destroyer.name;
    }
    EXPECT_TRUE(compare(source, take_manifest(work_ / "source").take()).identical());
}

TEST_F(ArenaTest, KeepsADestroyerFromTheHostsFiles)
{
    auto outside = work_ / "outside";
    std::ofstream(outside) << "content";
    auto script = "rm -f " + outside + "; echo broken >" + outside + "; touch inside";
    Destroyer escape{"escape", "", {}, script};
    UniqueFd log = sys::open("/dev/null", O_WRONLY).take();
    auto child = release_into(arena_->cage(), escape, interrupts_, log.get()).take();
    for (int i = 0; i < 500 && !child.ended(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ("content", sys::read_text(outside, 100).take());
    EXPECT_TRUE(fs::exists(arena_->tree() + "/inside"));
}

TEST_F(ArenaTest, EndsWhatADestroyerLeftRunning)
{
    Destroyer lingers{
        "lingers", "", {}, "(setsid sh -c 'while :; do date >still-here; sleep 0.05; done' &) ; sleep 60"};
    UniqueFd log = sys::open("/dev/null", O_WRONLY).take();
    {
        auto child = release_into(arena_->cage(), lingers, interrupts_, log.get()).take();
        for (int i = 0; i < 500 && !fs::exists(arena_->tree() + "/still-here"); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ASSERT_TRUE(fs::exists(arena_->tree() + "/still-here"));
    }
    EXPECT_OK(arena_->unmount()); // busy as long as anything of it lives
}

} // namespace
} // namespace tocsin::cli
