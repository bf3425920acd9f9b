// SPDX-License-Identifier: Apache-2.0
// Another file system below the marked directory is out of reach.
#include <filesystem>
#include <fstream>

#include "simulator/manifest.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::simulator {
namespace {

TEST(Rails, RefuseWhatLiesOnAnotherFileSystem)
{
    if (auto const why = test::why_no_mounts(); !why.empty())
        GTEST_SKIP() << why;
    ASSERT_TRUE(test::enter_own_mounts());
    test::TempDir const directory;
    auto const mounted = directory / "mounted";
    std::string const token(64, 'a');
    std::filesystem::create_directory(mounted);
    std::ofstream(directory / marker_name) << token;
    ASSERT_EQ(0, ::mount("tmpfs", mounted.c_str(), "tmpfs", 0, nullptr));
    std::ofstream(mounted + "/file") << "other";

    auto const sandbox = Sandbox::enter(directory.path(), token).take();
    EXPECT_FALSE(sandbox.open_file("mounted/file", O_RDWR).ok());
    EXPECT_FALSE(sandbox.place_of("mounted/file").ok());
    EXPECT_FALSE(take_manifest(sandbox).ok());
    EXPECT_EQ(0, ::umount2(mounted.c_str(), MNT_DETACH));
}

} // namespace
} // namespace tocsin::simulator
