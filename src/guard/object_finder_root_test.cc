// SPDX-License-Identifier: Apache-2.0
// Objects are found where their name is, and nobody else's is taken for them.
#include <filesystem>
#include <fstream>
#include <sys/mount.h>

#include "tocsin/base/test_mount.h"
#include "tocsin/guard/object_finder.h"

namespace tocsin::guard {
namespace {

namespace fs = std::filesystem;
using event::ObjectId;
using event::ObjectKey;

class ObjectFinderTest : public test::EachMountTest {
protected:
    void prepare() override
    {
        fs::create_directory(top() / "docs");
        write("docs/letter");
        write("docs/other");
        trees_.add(open_tree(mount_->path()).take());
        see(top(), {{}, mount_->path()});
        see(top() / "docs", {id_of(top()), "docs"});
        see(letter(), {id_of(top() / "docs"), "letter"});
        key_ = key_of(letter());
        object_ = event::id_of(key_);
    }

    fs::path top() const { return mount_->path(); }
    fs::path letter() const { return top() / "docs" / "letter"; }
    void write(std::string const& name) const { std::ofstream(top() / name) << name; }
    static ObjectKey key_of(fs::path const& path)
    {
        auto const fd = sys::open(path, O_PATH | O_NOFOLLOW).take();
        return {sys::filesystem_id(fd.get()).take(), sys::handle_of(fd.get()).take()};
    }
    static ObjectId id_of(fs::path const& path) { return event::id_of(key_of(path)); }
    void see(fs::path const& path, event::Place const& place)
    {
        event::Activity seen;
        seen.kind = event::ActivityKind::seen;
        seen.object = id_of(path);
        auto const status = sys::stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW).take();
        seen.object_kind = event::kind_of_mode(status.stx_mode);
        seen.metadata = event::metadata_of(status);
        seen.place = place;
        catalog_.apply(seen, {});
    }
    bool is_found() { return finder_.status_by_name(object_, key_).has_value(); }

    Trees trees_;
    catalog::Catalog catalog_;
    ObjectFinder finder_{catalog_, trees_};
    ObjectKey key_;
    ObjectId object_;
};

TEST_P(ObjectFinderTest, FindsWhatStandsAtItsName)
{
    auto const status = finder_.status_by_name(object_, key_);
    ASSERT_TRUE(status);
    EXPECT_EQ(std::string("docs/letter").size(), status->stx_size);
    EXPECT_TRUE(finder_.metadata_by_name(object_, key_));
}

TEST_P(ObjectFinderTest, FindsATreeItself)
{
    EXPECT_TRUE(finder_.status_by_name(id_of(top()), key_of(top())));
}

TEST_P(ObjectFinderTest, SaysNothingOfWhatIsGone)
{
    fs::remove(letter());
    EXPECT_FALSE(is_found());
    EXPECT_FALSE(finder_.open_by_name(object_, key_).ok());
}

TEST_P(ObjectFinderTest, TakesNoOtherUnderItsName)
{
    fs::rename(letter(), top() / "docs" / "moved");
    fs::rename(top() / "docs" / "other", letter());
    EXPECT_FALSE(is_found());
    EXPECT_FALSE(finder_.open_by_name(object_, key_).ok());
    EXPECT_TRUE(finder_.status_by_handle(key_));
}

TEST_P(ObjectFinderTest, TakesNoNewFileThatHasItsNumber)
{
    for (int i = 0; i < 20; ++i) { // ext4 gives the number just freed to the next
        fs::remove(letter());
        write("docs/letter");
        EXPECT_FALSE(is_found());
    }
}

TEST_P(ObjectFinderTest, SaysWhereADirectoryStandsNow)
{
    auto const docs = key_of(top() / "docs");
    EXPECT_EQ(top() / "docs", finder_.path_of_directory(docs));
    fs::rename(top() / "docs", top() / "papers");
    EXPECT_EQ(top() / "papers", finder_.path_of_directory(docs));
    fs::remove_all(top() / "papers");
    EXPECT_EQ("", finder_.path_of_directory(docs));
}

TEST_P(ObjectFinderTest, SaysNoOnlyOfWhatIsKnownToStandElsewhere)
{
    event::Place const place{id_of(top() / "docs"), "letter"};
    EXPECT_TRUE(finder_.may_stand_at(place, key_));
    fs::rename(letter(), top() / "docs" / "moved");
    EXPECT_FALSE(finder_.may_stand_at(place, key_));
    finder_.forget_directory();
    fs::rename(top() / "docs", top() / "papers");
    EXPECT_TRUE(finder_.may_stand_at(place, key_)) << "the way there is no longer known";
    fs::remove(top() / "papers" / "moved");
    EXPECT_FALSE(finder_.may_stand_at(place, key_));
}

TEST_P(ObjectFinderTest, FollowsNoSymlink)
{
    fs::rename(top() / "docs", top() / "papers");
    fs::create_directory_symlink(top() / "papers", top() / "docs");
    EXPECT_FALSE(is_found());
}

TEST_P(ObjectFinderTest, TellsWhatHasAName)
{
    auto const docs = key_of(top() / "docs");
    EXPECT_EQ(object_, finder_.at(docs, "letter"));
    fs::rename(letter(), top() / "docs" / "moved");
    EXPECT_EQ(object_, finder_.at(docs, "moved"));
    EXPECT_FALSE(finder_.at(docs, "letter"));
}

TEST_P(ObjectFinderTest, EntersNoMount)
{
    auto const docs = top() / "docs";
    auto const id = id_of(docs);
    auto const key = key_of(docs);
    ASSERT_EQ(0, ::mount("none", docs.c_str(), "tmpfs", 0, nullptr));
    auto const below = sys::stat_at(AT_FDCWD, docs, AT_SYMLINK_NOFOLLOW).take();
    auto const status = finder_.status_by_name(id, key);
    EXPECT_EQ(0, ::umount2(docs.c_str(), MNT_DETACH));
    ASSERT_TRUE(status) << "it is there, below the mount";
    EXPECT_NE(sys::device_of(below), sys::device_of(*status));
}

TEST_P(ObjectFinderTest, FindsItWhileItsFolderMoves)
{
    ASSERT_TRUE(is_found());
    fs::rename(top() / "docs", top() / "papers");
    EXPECT_TRUE(is_found()) << "the folder is open, whatever it is called";
    finder_.forget_directory();
    EXPECT_FALSE(is_found()) << "until its rename is told";
}

INSTANTIATE_TEST_SUITE_P(FileSystems, ObjectFinderTest, testing::Values("ext4", "xfs", "btrfs"));

} // namespace
} // namespace tocsin::guard
