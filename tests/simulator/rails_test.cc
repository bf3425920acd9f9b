// SPDX-License-Identifier: Apache-2.0
// What the simulator refuses, and that it keeps to what it was given.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "simulator/crew.h"
#include "simulator/manifest.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::simulator {
namespace {

std::string const token(64, 'a');

std::string text_of(std::string const& path)
{
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

// A marked directory with ten files in two folders, beside a file that is none of the run's.
class Rails : public testing::Test {
protected:
    Rails()
    {
        std::filesystem::create_directories(root() + "/folder");
        put("marked/" + std::string(marker_name), token + "\n");
        put("outside", "outside");
        for (int i = 0; i < 10; ++i)
            put("marked/" + std::string(i % 2 == 0 ? "folder/" : "") + "file" + std::to_string(i), content);
    }

    std::string root() const { return directory_ / "marked"; }
    std::string outside() const { return directory_ / "outside"; }
    void put(std::string const& name, std::string const& text)
    {
        std::ofstream(directory_ / name, std::ios::binary) << text;
    }
    Sandbox sandbox() { return Sandbox::enter(root(), token).take(); }

    Result<Tally> run(Options const& options)
    {
        auto const entered = sandbox();
        auto const manifest = TRY(take_manifest(entered));
        auto victims = TRY(paths_in(manifest, token));
        auto budget = TRY(Budget::create(options.limits));
        return work(Attack{entered, budget, options, std::move(victims)});
    }
    int changed() const
    {
        int count = 0;
        for (int i = 0; i < 10; ++i)
            count += text_of(root() + (i % 2 == 0 ? "/folder" : "") + "/file" + std::to_string(i)) != content;
        return count;
    }

    std::string const content = std::string(3000, 'x');
    test::TempDir directory_;
};

TEST_F(Rails, RefuseADirectoryWithoutAMarker)
{
    std::filesystem::remove(root() + "/" + marker_name);
    EXPECT_ERRC(Errc::denied, Sandbox::enter(root(), token));
}

TEST_F(Rails, RefuseTheTokenOfAnotherRun)
{
    EXPECT_ERRC(Errc::denied, Sandbox::enter(root(), std::string(64, 'b')));
}

TEST_F(Rails, RefuseATokenThatIsTooShort)
{
    put("marked/" + std::string(marker_name), "short");
    EXPECT_ERRC(Errc::denied, Sandbox::enter(root(), "short"));
}

TEST_F(Rails, RefuseAMarkerThatIsALink)
{
    put("elsewhere", token);
    std::filesystem::remove(root() + "/" + marker_name);
    std::filesystem::create_symlink("../elsewhere", root() + "/" + marker_name);
    EXPECT_ERRC(Errc::denied, Sandbox::enter(root(), token));
}

TEST_F(Rails, RefuseALinkedDirectory)
{
    std::filesystem::create_directory_symlink("marked", directory_ / "link");
    EXPECT_FALSE(Sandbox::enter(directory_ / "link", token).ok());
}

TEST_F(Rails, RefuseAPathThatLeavesTheDirectory)
{
    EXPECT_FALSE(sandbox().open_file("../outside", O_RDWR).ok());
    EXPECT_FALSE(sandbox().open_file(outside(), O_RDWR).ok());
    EXPECT_FALSE(sandbox().place_of("../outside").ok());
    EXPECT_FALSE(sandbox().create("../made", O_WRONLY, 0600).ok());
}

TEST_F(Rails, RefuseSymbolicLinks)
{
    std::filesystem::create_symlink(outside(), root() + "/link");
    std::filesystem::create_directory_symlink("folder", root() + "/links");
    EXPECT_FALSE(sandbox().open_file("link", O_RDWR).ok());
    EXPECT_FALSE(sandbox().open_file("links/file0", O_RDWR).ok());
    EXPECT_FALSE(sandbox().place_of("links/file0").ok());
}

TEST_F(Rails, RefuseWhatIsNoRegularFile)
{
    ASSERT_EQ(0, ::mkfifo((root() + "/pipe").c_str(), 0600));
    EXPECT_ERRC(Errc::denied, sandbox().open_file("pipe", O_RDWR));
}

TEST_F(Rails, RefuseToRenameOrDeleteTheMarker)
{
    EXPECT_ERRC(Errc::denied, sandbox().place_of(marker_name));
}

TEST_F(Rails, RefuseTheManifestOfAnotherRun)
{
    auto const manifest = take_manifest(sandbox()).take();
    EXPECT_EQ(10U, paths_in(manifest, token).take().size());
    EXPECT_ERRC(Errc::denied, paths_in(manifest, std::string(64, 'b')));
}

TEST_F(Rails, RefuseLimitsAboveTheHighest)
{
    EXPECT_ERRC(Errc::invalid, Budget::create({.files = 1'000'000}));
    EXPECT_ERRC(Errc::invalid, Budget::create({.time = std::chrono::hours(24)}));
}

TEST_F(Rails, EndAtTheLimitOfFiles)
{
    Options options;
    options.limits.files = 3;
    auto const tally = run(options).take();
    EXPECT_EQ(3U, tally.changed);
    EXPECT_EQ(3, changed());
}

TEST_F(Rails, EndAtTheLimitOfFilesAlsoInChildren)
{
    Options options;
    options.limits.files = 3;
    options.split = Split::fork_per_file;
    EXPECT_EQ(3U, run(options).take().changed);
    EXPECT_EQ(3, changed());
}

TEST_F(Rails, EndAtTheLimitOfBytes)
{
    Options options;
    options.limits.bytes = 7000;
    EXPECT_EQ(2U, run(options).take().changed);
    EXPECT_EQ(2, changed());
}

TEST_F(Rails, EndWhenTheTimeIsOver)
{
    auto const end_late = [this] {
        Options options;
        options.limits.time = std::chrono::seconds(1);
        options.speed.interval = std::chrono::seconds(30);
        (void)run(options);
    };
    EXPECT_EXIT(end_late(), testing::KilledBySignal(SIGALRM), "");
}

// Every way that keeps names changes each file of the manifest, by a stream that gives it back.
class Ways : public Rails, public testing::WithParamInterface<Options> { };

TEST_P(Ways, ChangeEachFileAndGiveItBack)
{
    if (auto tally = run(GetParam()).take(); tally.changed == 0)
        GTEST_SKIP() << tally.first_failure; // no rings in this kernel, no O_DIRECT on this file system
    EXPECT_EQ(10, changed());
    EXPECT_EQ(10U, run(GetParam()).take().changed);
    EXPECT_EQ(0, changed());
    EXPECT_EQ("outside", text_of(outside()));
}

Options by(How how)
{
    Options options;
    options.change.how = how;
    options.change.pattern = {.unit_bytes = 512, .units_on = 1, .units_off = 1, .magic = Magic::kept};
    return options;
}

Options by_ring(RingOptions const& ring)
{
    auto options = by(How::io_uring);
    options.ring = ring;
    return options;
}

INSTANTIATE_TEST_SUITE_P(How, Ways,
    testing::Values(by(How::in_place), by(How::mmap_none), by(How::mmap_async), by(How::mmap_sync),
        by(How::direct), by(How::temp_and_rename), by(How::exchange), by_ring({}),
        by_ring({.polling = RingOptions::Polling::by_kernel}),
        by_ring({.files = RingOptions::Files::fixed})));

TEST_F(Rails, ThreadsForksAndAHandoverChangeTheSameFiles)
{
    Options options;
    options.threads = 4;
    EXPECT_EQ(10U, run(options).take().changed);
    options.split = Split::fork_per_file;
    EXPECT_EQ(10U, run(options).take().changed);
    EXPECT_EQ(0, changed());
    options.split = Split::reader_and_writer;
    EXPECT_EQ(10U, run(options).take().changed);
    EXPECT_EQ(10, changed());
}

TEST_F(Rails, ARenamedFileHasANoteBesideIt)
{
    Options options;
    options.names = {Rename::before, Note::each_folder};
    EXPECT_EQ(10U, run(options).take().changed);
    EXPECT_TRUE(std::filesystem::exists(root() + "/folder/file0.locked"));
    EXPECT_TRUE(std::filesystem::exists(root() + "/folder/READ-ME.txt"));
    EXPECT_FALSE(std::filesystem::exists(root() + "/folder/file0"));
}

TEST(Pattern, IsWhatWasAskedFor)
{
    EXPECT_EQ((std::vector<Range>{{0, 4}, {4, 4}, {8, 2}}), ranges_of({.unit_bytes = 4}, 10));
    EXPECT_EQ((std::vector<Range>{{0, 4}, {8, 2}}), ranges_of({.unit_bytes = 4, .units_off = 1}, 10));
    EXPECT_EQ((std::vector<Range>{{0, 4}}), ranges_of({.unit_bytes = 4, .part = Part::head}, 10));
    EXPECT_EQ((std::vector<Range>{{16, 4}}), ranges_of({.unit_bytes = 8, .magic = Magic::kept}, 20));
    EXPECT_TRUE(ranges_of({}, 0).empty());
}

} // namespace
} // namespace tocsin::simulator
