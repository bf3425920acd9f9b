// SPDX-License-Identifier: Apache-2.0
// Which trees are a whole file system: a mark on it then sees nothing else.
#include <filesystem>

#include "tocsin/base/test_mount.h"
#include "tocsin/guard/trees.h"

namespace tocsin::guard {
namespace {

using sensor::MarkScope;

class Scope : public testing::Test {
protected:
    void SetUp() override
    {
        if (auto why = test::why_no_mounts(); !why.empty())
            GTEST_SKIP() << why;
        disk_ = std::make_unique<test::LoopMount>("ext4");
        if (!disk_->ok())
            GTEST_SKIP() << "no ext4 could be mounted";
        std::filesystem::create_directory(*disk_ / "folder");
        std::filesystem::create_directory(share());
    }
    void TearDown() override
    {
        if (is_bound_)
            (void)::umount2(share().c_str(), MNT_DETACH);
    }

    // mountinfo writes the space as \040.
    std::string share() const { return disk_->beside() / "the share"; }
    void bind(std::string const& what)
    {
        is_bound_ = ::mount(what.c_str(), share().c_str(), nullptr, MS_BIND, nullptr) == 0;
        ASSERT_TRUE(is_bound_);
    }
    static MarkScope scope_of(std::string const& path) { return open_tree(path).take().scope; }

    std::unique_ptr<test::LoopMount> disk_;
    bool is_bound_ = false;
};

TEST_F(Scope, OfAFolderIsTheFolder)
{
    EXPECT_EQ(MarkScope::directory, scope_of(*disk_ / "folder"));
}

TEST_F(Scope, OfAMountPointIsTheFileSystem)
{
    EXPECT_EQ(MarkScope::filesystem, scope_of(disk_->path()));
}

TEST_F(Scope, OfAMountPointWithASpaceInItsNameIsTheFileSystem)
{
    bind(disk_->path());
    EXPECT_EQ(MarkScope::filesystem, scope_of(share()));
}

TEST_F(Scope, OfAFolderThatIsMountedElsewhereIsTheFolder)
{
    bind(*disk_ / "folder");
    EXPECT_EQ(MarkScope::directory, scope_of(share()));
}

} // namespace
} // namespace tocsin::guard
