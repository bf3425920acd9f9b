// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/place.h"

#include <linux/magic.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

TEST(Place, KnowsWhereTheKernelGivesTheEvents)
{
    EXPECT_TRUE(can_be_guarded(EXT4_SUPER_MAGIC));
    EXPECT_TRUE(can_be_guarded(BTRFS_SUPER_MAGIC));
    EXPECT_FALSE(can_be_guarded(TMPFS_MAGIC));
    EXPECT_FALSE(can_be_guarded(OVERLAYFS_SUPER_MAGIC));
    EXPECT_FALSE(can_be_guarded(NFS_SUPER_MAGIC));
    EXPECT_EQ("FUSE", filesystem_name(0x65735546));
    EXPECT_EQ("0x1234", filesystem_name(0x1234));
}

TEST(Place, RefusesWhatDoesNotExistOrIsNoDirectory)
{
    test::TempDir dir;
    ASSERT_OK(sys::open(dir / "file", O_CREAT | O_RDWR, 0600));
    EXPECT_ERRC(Errc::not_found, check_places(std::vector{dir / "missing"}, {}));
    auto file = check_places(std::vector{dir / "file"}, {});
    EXPECT_ERRC(Errc::invalid, file);
    EXPECT_TRUE(file.error().message().contains("is not a directory"));
}

TEST(Place, RefusesAFileSystemWithoutEvents)
{
    auto refused = check_places(std::vector<std::string>{"/proc/self"}, {});
    EXPECT_ERRC(Errc::unsupported, refused);
    EXPECT_TRUE(refused.error().message().contains("(proc)")) << refused.error().message();
}

// The rest needs a directory on a file system that can be guarded.
class PlaceTest : public testing::Test {
protected:
    void SetUp() override
    {
        home_ = sys::real_path(dir_.path()).take();
        ASSERT_OK(sys::make_dirs(home_ + "/tree/below", 0700));
        ASSERT_OK(sys::make_dirs(home_ + "/state/journal", 0700));
        if (!check_places(std::vector{home_ + "/tree"}, {}).ok())
            GTEST_SKIP() << "the temporary directory is on a file system that cannot be guarded";
    }
    auto check(std::string const& path, Surroundings const& around)
    {
        return check_places(std::vector{home_ + path}, around);
    }

    test::TempDir dir_;
    std::string home_;
};

TEST_F(PlaceTest, SaysOfWhatIsOnlyRememberedHowItIsTakenOff)
{
    Surroundings around;
    around.remembered = {home_ + "/tree/below"};
    auto refused = check("/tree", around);
    EXPECT_ERRC(Errc::exists, refused);
    auto const said = refused.error().message();
    EXPECT_TRUE(said.contains("which is remembered as guarded already: 'tocsin unprotect'")) << said;
    EXPECT_OK(check("/tree/below", around)); // the same goes on
}

TEST_F(PlaceTest, KeepsApartFromItsOwnState)
{
    Surroundings around{home_ + "/state", {}, {}};
    EXPECT_OK(check("/tree", around));
    EXPECT_ERRC(Errc::invalid, check("", around));
    EXPECT_ERRC(Errc::invalid, check("/state", around));
    EXPECT_ERRC(Errc::invalid, check("/state/journal", around));
}

TEST_F(PlaceTest, KeepsApartFromARepositoryElsewhere)
{
    EXPECT_ERRC(Errc::invalid, check("/tree", {"/var/lib/tocsin", home_ + "/tree/below/repository", {}}));
}

TEST_F(PlaceTest, RefusesWhatIsGuardedAlready)
{
    Surroundings around{"/var/lib/tocsin", {}, {home_ + "/tree"}};
    EXPECT_ERRC(Errc::exists, check("/tree", around));
    EXPECT_ERRC(Errc::exists, check("/tree/below", around));
    EXPECT_ERRC(Errc::exists, check("", around));
    EXPECT_OK(check("/state", around));
}

TEST_F(PlaceTest, TakesEachDirectoryOnceByItsRealName)
{
    ASSERT_OK(sys::symlink_at(home_ + "/tree", AT_FDCWD, home_ + "/link"));
    std::vector paths{home_ + "/tree", home_ + "/link", home_ + "/tree/../tree"};
    EXPECT_EQ(std::vector{home_ + "/tree"}, check_places(paths, {}).take());
}

} // namespace
} // namespace tocsin::answers
