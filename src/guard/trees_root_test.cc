// SPDX-License-Identifier: Apache-2.0
// Which trees are a whole file system: a mark on it then sees nothing else.
#include <filesystem>

#include "tocsin/base/test_mount.h"
#include "tocsin/guard/trees.h"

namespace tocsin::guard {
namespace {

using sensor::MarkScope;

class Scope : public test::MountTest {
protected:
    Scope() : test::MountTest("ext4") { }

    void prepare() override
    {
        std::filesystem::create_directory(*mount_ / "folder");
        std::filesystem::create_directory(share());
    }
    void TearDown() override
    {
        if (is_bound_)
            (void)::umount2(share().c_str(), MNT_DETACH);
    }

    // mountinfo writes the space as \040.
    std::string share() const { return mount_->beside() / "the share"; }
    void bind(std::string const& what)
    {
        is_bound_ = ::mount(what.c_str(), share().c_str(), nullptr, MS_BIND, nullptr) == 0;
        ASSERT_TRUE(is_bound_);
    }
    static MarkScope scope_of(std::string const& path) { return open_tree(path).take().scope; }

    bool is_bound_ = false;
};

TEST_F(Scope, OfAFolderIsTheFolder)
{
    EXPECT_EQ(MarkScope::directory, scope_of(*mount_ / "folder"));
}

TEST_F(Scope, OfAMountPointIsTheFileSystem)
{
    EXPECT_EQ(MarkScope::filesystem, scope_of(mount_->path()));
}

TEST_F(Scope, OfAMountPointWithASpaceInItsNameIsTheFileSystem)
{
    bind(mount_->path());
    EXPECT_EQ(MarkScope::filesystem, scope_of(share()));
}

TEST_F(Scope, OfAFolderThatIsMountedElsewhereIsTheFolder)
{
    bind(*mount_ / "folder");
    EXPECT_EQ(MarkScope::directory, scope_of(share()));
}

} // namespace
} // namespace tocsin::guard
