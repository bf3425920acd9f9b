// SPDX-License-Identifier: Apache-2.0
// Deletions of whole folders that somebody asked for, and destroyers that look like them.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::hours;

class ErrandTest : public ::testing::Test {
protected:
    ErrandTest()
    {
        scene.folder("/srv/projects");
        for (int n = 0; n < 20; ++n)
            folders.push_back(scene.files("/srv/projects/p" + std::to_string(n), 25, text, ".txt"));
    }
    static std::string name_of(std::string const& path) { return path.substr(path.rfind('/') + 1); }
    void deletes_all(ProcessKey who, std::vector<std::string> const& paths)
    {
        for (auto const& path : scene.shuffled(paths))
            scene.deletes(who, path);
    }
    // Files until it is stopped.
    std::size_t destroys(ProcessKey who)
    {
        for (auto const& paths : folders)
            if (scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }) != SIZE_MAX)
                break;
        return scene.stopped() ? scene.damage() : SIZE_MAX;
    }

    Scene scene;
    std::vector<std::vector<std::string>> folders;
};

TEST_F(ErrandTest, OneProjectIsRemoved)
{
    deletes_all(scene.run("rm -rf projects/p7"), folders[7]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ErrandTest, OneIsMovedToAnotherDisk)
{
    deletes_all(scene.run("mv /srv/projects/p7/ /mnt/disk"), folders[7]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ErrandTest, WhatGoesBeyondTheNamedFolderCounts)
{
    EXPECT_LE(destroys(scene.run("rm -rf projects/p0")), 25U + 9U);
}

TEST_F(ErrandTest, WhoNamesAllIsStoppedAsSoon)
{
    std::string all = "rm -rf";
    for (int n = 0; n < 20; ++n)
        all += " p" + std::to_string(n);
    EXPECT_LE(destroys(scene.run(all)), 6U);
}

TEST_F(ErrandTest, WhatWasMadeWithinTheHourMakesNoShareLarger)
{
    auto const maker = scene.run("fill");
    scene.folder("/srv/other");
    for (int n = 0; n < 4'000; ++n)
        scene.creates(maker, "/srv/other/" + std::to_string(n), empty());
    EXPECT_LE(destroys(scene.run("rm -rf p0 p1 p2 p3 p4 p5 p6 p7")), 12U);
}

TEST_F(ErrandTest, WhatCameAndWentMakesItNoSmaller)
{
    auto const builder = scene.run("make");
    scene.folder("/srv/other");
    for (int n = 0; n < 4'000; ++n) {
        scene.creates(builder, "/srv/other/object", text(1));
        scene.deletes(builder, "/srv/other/object");
    }
    deletes_all(scene.run("rm -rf projects/p6 projects/p7"), folders[7]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ErrandTest, NorDoesWhatIsSavedAnew)
{
    auto const editor = scene.run("collectd");
    scene.folder("/srv/other");
    scene.file("/srv/other/state", text(1));
    for (int n = 0; n < 720; ++n) {
        scene.creates(editor, "/srv/other/state.new", text(1));
        scene.renames(editor, "/srv/other/state.new", "/srv/other/state");
    }
    deletes_all(scene.run("rm -rf projects/p6 projects/p7"), folders[7]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ErrandTest, AFurtherNameThatGoesTakesNothingFromWhatIsYoung)
{
    auto const maker = scene.run("fill");
    scene.folder("/srv/other");
    for (int n = 0; n < 4'000; ++n) {
        auto const path = "/srv/other/" + std::to_string(n);
        scene.creates(maker, path, empty());
        scene.links(maker, path, path + ".second");
        scene.deletes(maker, path + ".second");
    }
    auto const before = scene.damage();
    EXPECT_LE(destroys(scene.run("rm -rf p0 p1 p2 p3 p4 p5 p6 p7")), before + 12U);
}

TEST_F(ErrandTest, WhoNamesTheTreeOrWhatIsAboveItIsStoppedAsSoon)
{
    for (auto const* command : {"rm -rf projects", "find /srv -delete", "find . -delete", "rm -rf ../srv"}) {
        Scene fresh;
        auto const paths = fresh.files("/srv/projects", 100, text, ".txt");
        auto const who = fresh.run(command);
        EXPECT_LE(fresh.until_stopped(paths, [&](auto const& path) { fresh.deletes(who, path); }), 6U)
            << command;
    }
}

TEST_F(ErrandTest, FolderAfterFolderIsStoppedByTheSum)
{
    for (std::size_t n = 0; n < folders.size() && !scene.stopped(); ++n)
        deletes_all(scene.run("rm -rf projects/p" + std::to_string(n)), folders[n]);
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 75U);
}

TEST_F(ErrandTest, WhatIsMovedIntoTheNamedFolderWasNotNamed)
{
    auto const who = scene.run("python3 wipe.py projects/p0");
    scene.deletes(who, folders[0].front());
    std::size_t files = 0;
    for (std::size_t n = 1; n < folders.size(); ++n)
        for (auto const& path : folders[n])
            if (!scene.stopped()) {
                auto const moved = "/srv/projects/p0/moved" + std::to_string(files++);
                scene.renames(who, path, moved);
                scene.deletes(who, moved);
            }
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(files, 60U);
}

TEST_F(ErrandTest, TheTrashIsEmptied)
{
    scene.folder("/srv/.Trash-1000");
    deletes_all(scene.run("gio trash --empty"), scene.files("/srv/.Trash-1000/files", 100, text, ".txt"));
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ErrandTest, MovingAllToTheTrashFirstIsNoWayOut)
{
    scene.folder("/srv/Trash");
    auto const who = scene.run("python3 wipe.py");
    std::vector<std::string> moved;
    for (auto const& paths : folders)
        for (auto const& path : paths) {
            moved.push_back("/srv/Trash/" + std::to_string(moved.size()));
            scene.renames(who, path, moved.back());
        }
    EXPECT_LE(scene.until_stopped(moved, [&](auto const& path) { scene.deletes(who, path); }), 60U);
}

TEST_F(ErrandTest, NorIsMovingTheFolders)
{
    scene.folder("/srv/Trash");
    scene.renames(scene.shell, "/srv/projects", "/srv/Trash/projects");
    auto const who = scene.run("python3 wipe.py");
    std::size_t files = 0;
    for (auto const& paths : folders)
        for (auto const& path : paths)
            if (!scene.stopped()) {
                scene.deletes(who, "/srv/Trash" + path.substr(4));
                ++files;
            }
    EXPECT_LE(files, 60U);
}

TEST_F(ErrandTest, NorIsCallingTheFolderATrash)
{
    scene.renames(scene.shell, "/srv/projects", "/srv/Trash");
    auto const who = scene.run("python3 wipe.py");
    std::size_t files = 0;
    for (auto const& paths : folders)
        for (auto const& path : paths)
            if (!scene.stopped()) {
                scene.deletes(who, "/srv/Trash" + path.substr(std::string("/srv/projects").size()));
                ++files;
            }
    EXPECT_LE(files, 60U);
}

TEST_F(ErrandTest, NorIsALargeTrash)
{
    scene.folder("/srv/Trash");
    auto const paths = scene.files("/srv/Trash/old", 1'000, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 390U);
}

// The share of each tree is its own, and both are looked after however often who deletes changes between them.
TEST_F(ErrandTest, TurnsInTwoTreesAreNoWayOut)
{
    constexpr std::uint64_t files = 10'000;
    std::uint64_t next = 1'000'000;
    auto sees = [&](event::RootId root, ObjectKind kind, event::Place place) {
        event::Activity seen;
        seen.kind = ActivityKind::seen;
        seen.time = scene.now;
        seen.root = root;
        seen.object = {next++};
        seen.object_kind = kind;
        seen.place = std::move(place);
        scene.tell(seen);
        return seen.object;
    };
    std::vector<ObjectId> trashes;
    std::vector<ObjectId> first;
    for (std::int64_t root : {2, 3}) {
        auto const top = sees({root}, ObjectKind::directory, {{}, "/srv" + std::to_string(root)});
        trashes.push_back(sees({root}, ObjectKind::directory, {top, "Trash"}));
        first.push_back({next});
        for (std::uint64_t n = 0; n < files; ++n)
            (void)sees({root}, ObjectKind::regular, {trashes.back(), std::to_string(n)});
    }
    auto const who = scene.run("python3 wipe.py");
    std::uint64_t gone = 0;
    for (; gone < 2 * files && !scene.stopped(); ++gone) {
        auto deleted = scene.activity(ActivityKind::deleted, who, "");
        deleted.root = {static_cast<std::int64_t>(2 + gone % 2)};
        deleted.place = {trashes[gone % 2], std::to_string(gone / 2)};
        deleted.object = {first[gone % 2].value + gone / 2};
        scene.tell(deleted);
    }
    EXPECT_LE(gone, 5'100U);
}

class ExpungeTest : public ErrandTest {
protected:
    ExpungeTest()
    {
        for (auto const* folder : {"/srv/mail", "/srv/mail/cur", "/srv/mail/new", "/srv/mail/tmp"})
            scene.folder(folder);
    }
};

TEST_F(ExpungeTest, AMailProgramExpungesTheOldest)
{
    auto const mails = scene.files("/srv/mail/cur", 300, text, ".M7P9.host:2,S");
    auto const dovecot = scene.run("doveadm expunge");
    scene.creates(dovecot, "/srv/mail/dovecot.index.log", text(1));
    for (std::size_t i = 0; i < 50; ++i)
        scene.deletes(dovecot, mails[i]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ExpungeTest, WhoKeepsNoRecordsIsNoMailProgram)
{
    auto const mails = scene.files("/srv/mail/cur", 300, text, ".M7P9.host:2,S");
    auto const rm = scene.run("rm");
    EXPECT_LE(scene.until_stopped(mails, [&](auto const& path) { scene.deletes(rm, path); }), 9U);
}

TEST_F(ExpungeTest, ADestroyerThatKeepsRecordsIsStoppedByTheSum)
{
    auto const mails = scene.files("/srv/mail/cur", 300, text, ".M7P9.host:2,S");
    auto const python = scene.run("python3");
    scene.creates(python, "/srv/mail/log", text(1));
    EXPECT_LE(scene.until_stopped(mails, [&](auto const& path) { scene.deletes(python, path); }), 90U);
}

} // namespace
} // namespace tocsin::verdict
