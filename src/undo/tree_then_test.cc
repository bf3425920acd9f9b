// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/tree_then.h"

#include "tocsin/base/test.h"
#include "tocsin/undo/testing/fake_journal.h"

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Place;

WallTime at(int seconds)
{
    return WallTime(std::chrono::seconds(seconds));
}

// The tree "/" is object 1; in it /docs (2), in that f (3).
class TreeThenTest : public testing::Test {
protected:
    TreeThenTest()
    {
        tell(event::RootChange{{1}, at(0), "/", ObjectId{1}, true, {}});
        name(1, ActivityKind::seen, 2, {ObjectId{1}, "docs"});
        name(1, ActivityKind::seen, 3, {ObjectId{2}, "f"});
    }
    void tell(event::Record record) { ASSERT_OK(journal_.append(std::span(&record, 1))); }
    void name(int seconds, ActivityKind kind, std::uint64_t object, Place place, Place target = {})
    {
        Activity out;
        out.time = at(seconds);
        out.kind = kind;
        out.object = {object};
        out.place = std::move(place);
        out.target = std::move(target);
        tell(out);
    }
    std::optional<ObjectId> who(std::string const& path, int seconds)
    {
        auto const holder = TreeThen(journal_, at(seconds)).at(path).take();
        return holder ? std::optional(holder->object) : std::nullopt;
    }

    FakeJournal journal_;
};

TEST_F(TreeThenTest, FindsObjectsOfATreeThatIsTheWholeHost)
{
    EXPECT_EQ(ObjectId{1}, who("/", 1));
    EXPECT_EQ(ObjectId{2}, who("/docs", 1));
    EXPECT_EQ(ObjectId{3}, who("/docs/f", 1));
    EXPECT_FALSE(who("/docs/f", 0)) << "before it was seen";
    EXPECT_FALSE(who("/docs/g", 1));
}

TEST_F(TreeThenTest, FollowsAFolderThatIsRenamed)
{
    name(2, ActivityKind::renamed, 2, {ObjectId{1}, "docs"}, {ObjectId{1}, "papers"});
    EXPECT_EQ(ObjectId{3}, who("/docs/f", 1));
    EXPECT_EQ(ObjectId{3}, who("/papers/f", 2));
    EXPECT_FALSE(who("/docs/f", 2));
    auto const holders = TreeThen(journal_, at(2)).holders("/docs/f").take();
    ASSERT_EQ(1U, holders.size());
    EXPECT_EQ(at(2), holders[0].until) << "the folder left";
}

TEST_F(TreeThenTest, TellsWhoHadANameOneAfterAnother)
{
    name(2, ActivityKind::created, 4, {ObjectId{2}, "f.tmp"});
    name(3, ActivityKind::renamed, 4, {ObjectId{2}, "f.tmp"}, {ObjectId{2}, "f"});
    name(4, ActivityKind::deleted, 4, {ObjectId{2}, "f"});
    EXPECT_EQ(ObjectId{3}, who("/docs/f", 2));
    EXPECT_EQ(ObjectId{4}, who("/docs/f", 3));
    EXPECT_FALSE(who("/docs/f", 4));
    auto const holders = TreeThen(journal_, at(4)).holders("/docs/f").take();
    ASSERT_EQ(2U, holders.size());
    EXPECT_EQ(at(3), holders[0].until);
    EXPECT_EQ(at(4), holders[1].until);
}

TEST_F(TreeThenTest, TakesAnExchangeInEitherOrder)
{
    name(2, ActivityKind::created, 4, {ObjectId{2}, "g"});
    name(3, ActivityKind::renamed, 4, {ObjectId{2}, "g"}, {ObjectId{2}, "f"});
    name(3, ActivityKind::renamed, 3, {ObjectId{2}, "f"}, {ObjectId{2}, "g"});
    EXPECT_EQ(ObjectId{4}, who("/docs/f", 3));
    EXPECT_EQ(ObjectId{3}, who("/docs/g", 3));
}

TEST_F(TreeThenTest, ForgetsWhatLeftTheTrees)
{
    name(1, ActivityKind::seen, 4, {ObjectId{2}, "g"});
    name(2, ActivityKind::renamed, 2, {ObjectId{1}, "docs"}, {});
    EXPECT_FALSE(who("/docs/f", 2));
    name(3, ActivityKind::renamed, 2, {}, {ObjectId{1}, "docs"});
    name(4, ActivityKind::seen, 3, {ObjectId{2}, "f"});
    EXPECT_EQ(ObjectId{3}, who("/docs/f", 4));
    EXPECT_FALSE(who("/docs/g", 4)) << "nobody has seen it since";
    EXPECT_EQ(ObjectId{4}, who("/docs/g", 1));
}

TEST_F(TreeThenTest, KnowsAFolderThatWasMadeAnew)
{
    name(2, ActivityKind::deleted, 2, {ObjectId{1}, "docs"});
    name(3, ActivityKind::created, 5, {ObjectId{1}, "docs"});
    EXPECT_FALSE(who("/docs/f", 3));
    name(4, ActivityKind::created, 6, {ObjectId{5}, "f"});
    EXPECT_EQ(ObjectId{6}, who("/docs/f", 4));
    auto const holders = TreeThen(journal_, at(4)).holders("/docs/f").take();
    ASSERT_EQ(2U, holders.size());
    EXPECT_EQ(ObjectId{3}, holders[0].object);
    EXPECT_EQ(at(2), holders[0].until);
}

// The guard finds folders in one that came back anew.
TEST_F(TreeThenTest, ForgetsWhatWasInAFolderThatIsFoundAgain)
{
    name(1, ActivityKind::seen, 5, {ObjectId{2}, "sub"});
    name(1, ActivityKind::seen, 6, {ObjectId{5}, "old"});
    name(3, ActivityKind::seen, 5, {ObjectId{2}, "sub"});
    name(3, ActivityKind::seen, 7, {ObjectId{5}, "new"});
    EXPECT_EQ(ObjectId{6}, who("/docs/sub/old", 2));
    EXPECT_FALSE(who("/docs/sub/old", 3));
    EXPECT_EQ(ObjectId{7}, who("/docs/sub/new", 3));
}

TEST_F(TreeThenTest, KeepsWhatIsMadeInAFolderBeforeItIsFoundAgain)
{
    name(1, ActivityKind::seen, 5, {ObjectId{2}, "sub"});
    name(1, ActivityKind::seen, 6, {ObjectId{5}, "old"});
    name(2, ActivityKind::renamed, 2, {ObjectId{1}, "docs"}, {});
    name(3, ActivityKind::renamed, 2, {}, {ObjectId{1}, "docs"});
    name(4, ActivityKind::created, 7, {ObjectId{5}, "new"});
    name(5, ActivityKind::seen, 5, {ObjectId{2}, "sub"});
    EXPECT_EQ(ObjectId{7}, who("/docs/sub/new", 5));
    EXPECT_FALSE(who("/docs/sub/old", 5)) << "nobody has seen it since";
}

TEST_F(TreeThenTest, KeepsWhatIsInAFolderThatUndoHasMadeAnew)
{
    name(2, ActivityKind::created, 5, {ObjectId{1}, "made"});
    name(3, ActivityKind::created, 6, {ObjectId{5}, "f"});
    Activity told;
    told.time = at(4);
    told.kind = ActivityKind::created;
    told.process = event::undo_process;
    told.object = {5};
    told.place = {ObjectId{1}, "made"};
    tell(told);
    EXPECT_EQ(ObjectId{6}, who("/made/f", 4));
}

TEST_F(TreeThenTest, CountsAFoldersNamesOnlyWhileItHadItsOwn)
{
    name(1, ActivityKind::seen, 4, {ObjectId{1}, "docs.new"});
    name(2, ActivityKind::created, 5, {ObjectId{4}, "f"});
    name(3, ActivityKind::deleted, 5, {ObjectId{4}, "f"});
    name(4, ActivityKind::renamed, 2, {ObjectId{1}, "docs"}, {ObjectId{1}, "docs.old"});
    name(5, ActivityKind::renamed, 4, {ObjectId{1}, "docs.new"}, {ObjectId{1}, "docs"});
    name(6, ActivityKind::created, 6, {ObjectId{2}, "g"});
    name(7, ActivityKind::renamed, 6, {ObjectId{2}, "g"}, {ObjectId{2}, "f"});
    auto const holders = TreeThen(journal_, at(8)).holders("/docs/f").take();
    ASSERT_EQ(1U, holders.size()) << "not the one deleted before, nor the one saved after";
    EXPECT_EQ(ObjectId{3}, holders[0].object);
    EXPECT_EQ(at(4), holders[0].until);
}

// A capture ends after the file was deleted, renamed or written again under another name.
TEST_F(TreeThenTest, KnowsWhatWasReadAfterItsNameWasGone)
{
    auto read = [&](int seconds, std::int64_t written) {
        event::Version out;
        out.object = {3};
        out.time = at(seconds);
        out.path = "/docs/f";
        out.metadata.mode = S_IFREG | 0644;
        out.metadata.mtime_ns = to_nanoseconds(at(1)) + written;
        tell(out);
    };
    auto versions = [&] {
        TreeThen then(journal_, at(20));
        return then.versions(then.holders("/docs/f").take().front()).take().size();
    };
    read(2, 0);
    name(5, ActivityKind::renamed, 3, {ObjectId{2}, "f"}, {ObjectId{2}, "f.old"});
    EXPECT_EQ(1U, versions());
    name(6, ActivityKind::closed, 3, {}); // told with the capture that it is the close of
    read(6, 1);
    EXPECT_EQ(2U, versions()) << "it had been written before";
    read(8, 6'000'000'000);
    EXPECT_EQ(2U, versions());
    name(5, ActivityKind::changed, 3, {}); // with the renaming, in one look at the kernel's queue
    read(10, 1);
    EXPECT_EQ(2U, versions()) << "its time was set back";
}

TEST_F(TreeThenTest, KnowsADirectoryThatCameBackToItsPath)
{
    tell(event::RootChange{{2}, at(20), "/share", ObjectId{10}, true, {}}); // first at 1, left at 8
    tell(event::RootChange{{3}, at(20), "/share", ObjectId{20}, false, {}});
    name(1, ActivityKind::seen, 11, {ObjectId{10}, "f"});
    name(8, ActivityKind::seen, 21, {ObjectId{20}, "f"});
    EXPECT_EQ(ObjectId{11}, who("/share/f", 2));
    EXPECT_EQ(ObjectId{21}, who("/share/f", 10));
    EXPECT_EQ(ObjectId{11}, who("/share/f", 21));
}

TEST_F(TreeThenTest, TakesTheDirectoryThatWasProtectedThen)
{
    tell(event::RootChange{{2}, at(5), "/share", ObjectId{10}, false, {}});
    tell(event::RootChange{{3}, at(5), "/share", ObjectId{20}, true, {}});
    name(1, ActivityKind::seen, 11, {ObjectId{10}, "f"});
    name(5, ActivityKind::seen, 21, {ObjectId{20}, "f"});
    EXPECT_EQ(ObjectId{11}, who("/share/f", 2));
    EXPECT_EQ(ObjectId{21}, who("/share/f", 6));
}

TEST_F(TreeThenTest, LeavesOutNamesThatPass)
{
    name(2, ActivityKind::created, 4, {ObjectId{2}, ".tocsin-undo-x1"});
    EXPECT_FALSE(who("/docs/.tocsin-undo-x1", 2));
}

} // namespace
} // namespace tocsin::undo
