// SPDX-License-Identifier: Apache-2.0
// Files and folders given back as of a time, or as one version, into a real tree.
#include <fstream>

#include "tocsin/undo/quarantine.h"
#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

class Restored : public testing::Test {
protected:
    void SetUp() override
    {
        scene.given("report.docx", "first");
        scene.given("plans/a.txt", "plan a");
        scene.given("plans/b.txt", "plan b");
        scene.protect();
        before = scene.snapshot();
        then = wall_now();
    }
    Report restore(std::vector<std::string> const& paths, Moment const& moment)
    {
        auto plan = plan_restore(scene.journal(), paths, moment).take();
        return carry_out(plan, scene.contents(), scene.options(), &scene.journal()).take();
    }

    Scene scene;
    Snapshot before;
    WallTime then;
};

TEST_F(Restored, AFileAsOfATime)
{
    scene.write(alice, "report.docx", "second");
    auto report = restore({scene / "report.docx"}, then);
    EXPECT_EQ("first", scene.read("report.docx"));
    EXPECT_EQ(1U, report.counts.restored);
    EXPECT_EQ(1U, report.verified);
    restore({scene / "report.docx"}, wall_now());
    EXPECT_EQ("first", scene.read("report.docx"));
}

TEST_F(Restored, AFileAsOneVersion)
{
    scene.write(alice, "report.docx", "second");
    scene.write(alice, "report.docx", "third");
    auto versions = scene.journal().versions_at(scene / "report.docx").take();
    restore({scene / "report.docx"}, versions.at(1).id);
    EXPECT_EQ("second", scene.read("report.docx"));
}

TEST_F(Restored, ADeletedFolderWithAllThatWasInIt)
{
    scene.remove_all(alice, "plans");
    auto report = restore({scene / "plans"}, then);
    EXPECT_EQ(3U, report.counts.recreated);
    expect_same(without_times(before, {""}), without_times(scene.snapshot(), {""}));
}

TEST_F(Restored, OnlyADeletedFileOfADeletedFolder)
{
    scene.remove_all(alice, "plans");
    restore({scene / "plans/a.txt"}, then);
    EXPECT_EQ("plan a", scene.read("plans/a.txt"));
    EXPECT_FALSE(scene.exists("plans/b.txt"));
}

TEST_F(Restored, AFolderWithoutWhatHadLeftItBefore)
{
    scene.remove(alice, "plans/a.txt");
    scene.rename(alice, "plans/b.txt", "plans/c.txt");
    restore({scene / "plans"}, wall_now());
    EXPECT_FALSE(scene.exists("plans/a.txt"));
    EXPECT_FALSE(scene.exists("plans/b.txt"));
}

TEST_F(Restored, AFolderWithWhatWasSavedByRename)
{
    scene.create(alice, "plans/a.tmp", "plan a, edited");
    scene.rename(alice, "plans/a.tmp", "plans/a.txt");
    scene.rename(alice, "plans/b.txt", "plans/called.txt");
    scene.rename(alice, "report.docx", "plans/report.docx");
    auto const now = scene.snapshot();
    auto const time = wall_now();
    scene.remove_all(alice, "plans");
    restore({scene / "plans"}, time);
    expect_same(without_times(now, {"", "plans"}), without_times(scene.snapshot(), {"", "plans"}));
}

TEST_F(Restored, AFolderThatWasRenamedByItsNewPath)
{
    scene.rename(alice, "plans", "projects");
    auto const now = scene.snapshot();
    auto const time = wall_now();
    scene.remove_all(alice, "projects");
    restore({scene / "projects/a.txt"}, time);
    EXPECT_EQ("plan a", scene.read("projects/a.txt"));
    scene.remove_all(alice, "projects");
    restore({scene / "projects"}, time);
    expect_same(without_times(now, {"", "projects"}), without_times(scene.snapshot(), {"", "projects"}));
    restore({scene / "plans"}, then);
    EXPECT_EQ("plan b", scene.read("plans/b.txt"));
}

TEST_F(Restored, AFileOfAFolderThatIsGone)
{
    scene.rename(alice, "plans", "projects");
    scene.remove_all(alice, "projects");
    restore({scene / "projects/b.txt"}, wall_now());
    EXPECT_EQ("plan b", scene.read("projects/b.txt"));
}

TEST_F(Restored, WhatIsGoneAsItWasWhenItWent)
{
    scene.rename(alice, "report.docx", "report.locked");
    scene.write(attacker, "report.locked", "XXXX");
    restore({scene / "report.docx"}, wall_now());
    EXPECT_EQ("first", scene.read("report.docx"));
}

TEST_F(Restored, AVersionThatWasCapturedUnderAnotherName)
{
    scene.create(alice, "report.tmp", "second");
    scene.rename(alice, "report.tmp", "report.docx");
    auto const id = scene.journal().versions_at(scene / "report.tmp").take().back().id;
    restore({scene / "report.docx"}, then);
    EXPECT_EQ("first", scene.read("report.docx"));
    restore({scene / "report.docx"}, id);
    EXPECT_EQ("second", scene.read("report.docx"));
}

TEST_F(Restored, WhatNobodyCapturedYetAsTheOneThatStoodThereBefore)
{
    scene.rename(alice, "report.docx", "report.docx~");
    scene.create(alice, "report.docx", "second");
    auto const captured = scene.journal().versions_at(scene / "report.docx").take().back().time;
    auto const report = restore({scene.tree()}, captured - std::chrono::nanoseconds(1));
    EXPECT_EQ("first", scene.read("report.docx"));
    EXPECT_EQ("first", scene.read("report.docx~"));
    auto now = scene.snapshot();
    EXPECT_NE(now["report.docx"].same_as, now["report.docx~"].same_as) << "they never were one file";
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ("no version", report.notes.front().what);
    EXPECT_EQ(scene / "report.docx", report.notes.front().path);
}

TEST_F(Restored, WhatIsNotCapturedGoesIntoQuarantineFirst)
{
    std::ofstream(scene / "report.docx") << "not captured yet";
    restore({scene / "report.docx"}, then);
    EXPECT_EQ("first", scene.read("report.docx"));
    auto kept = list_quarantine(scene.state(), {}).take();
    ASSERT_EQ(1U, kept.size());
    EXPECT_EQ("not captured yet", sys::read_text(kept[0].file, 100).take());
}

TEST_F(Restored, NotOverADirectoryThatHasTheNameByNow)
{
    scene.remove(alice, "report.docx");
    scene.make_directory(alice, "report.docx");
    scene.create(alice, "report.docx/chapter", "one");
    auto const now = scene.snapshot();
    auto const report = restore({scene / "report.docx"}, then);
    EXPECT_EQ(1U, report.counts.failed);
    expect_same(now, scene.snapshot());
}

TEST_F(Restored, IntoAnotherDirectory)
{
    scene.write(alice, "plans/a.txt", "changed");
    auto now = scene.snapshot();
    std::string paths[] = {scene / "plans"};
    auto plan = plan_restore(scene.journal(), paths, then).take();
    auto options = scene.options();
    options.to_dir = scene.elsewhere();
    ASSERT_OK(carry_out(plan, scene.contents(), options, nullptr));
    expect_same(now, scene.snapshot());
    EXPECT_EQ("plan a", sys::read_text(scene.elsewhere() + "/tree/plans/a.txt", 100).take());
}

class RestoredLinks : public testing::TestWithParam<JournalIn> {
protected:
    void SetUp() override
    {
        scene.given("letters/one.txt", "Dear one");
        scene.given_directory("copies");
        scene.protect();
        scene.link(alice, "letters/one.txt", "copies/two.txt"); // never captured under this name
        scene.link(alice, "letters/one.txt", "letters/three.txt");
        before = scene.snapshot();
        then = wall_now();
    }
    Report restore(std::vector<std::string> const& paths)
    {
        auto plan = plan_restore(scene.journal(), paths, then).take();
        return carry_out(plan, scene.contents(), scene.options(), &scene.journal()).take();
    }
    void expect_before()
    {
        std::set<std::string> directories{"", "letters", "copies"};
        expect_same(without_times(before, directories), without_times(scene.snapshot(), directories));
        EXPECT_EQ(0U, list_quarantine(scene.state(), {}).take().size());
    }

    Scene scene{GetParam()};
    Snapshot before;
    WallTime then;
};

TEST_P(RestoredLinks, AreOneObjectAgainWhereAllNamesWereDeleted)
{
    for (auto const* path : {"letters/one.txt", "copies/two.txt", "letters/three.txt"})
        scene.remove(alice, path);
    auto report = restore({scene.tree()});
    EXPECT_EQ(0U, report.counts.failed);
    expect_before();
}

TEST_P(RestoredLinks, AreOneObjectAgainWhereEachNameIsAnObjectOfItsOwnNow)
{
    for (auto const* path : {"letters/one.txt", "copies/two.txt", "letters/three.txt"}) {
        scene.remove(alice, path);
        scene.create(alice, path, std::string("saved anew as ") + path);
    }
    restore({scene / "letters", scene / "copies/two.txt"});
    expect_before();
    restore({scene.tree()});
    expect_before();
}

TEST_P(RestoredLinks, HaveTheNewestContentWrittenThroughAnyName)
{
    scene.write(alice, "letters/three.txt", "Dear three");
    before = scene.snapshot();
    then = wall_now();
    scene.remove(alice, "copies/two.txt");
    restore({scene / "copies/two.txt"});
    EXPECT_EQ("Dear three", scene.read("copies/two.txt"));
    EXPECT_NE("copies/two.txt", scene.snapshot()["letters/one.txt"].same_as) << "it was not asked for";
    scene.remove(alice, "copies/two.txt");
    restore({scene.tree()});
    expect_before();
}

TEST_P(RestoredLinks, OnlyAsFarAsTheyWereOneThen)
{
    scene.remove(alice, "letters/three.txt");
    scene.create(alice, "letters/three.txt", "Dear one");
    before = scene.snapshot();
    then = wall_now();
    scene.remove_all(alice, "letters");
    restore({scene.tree()});
    expect_before();
}

INSTANTIATE_TEST_SUITE_P(Journals, RestoredLinks, testing::Values(JournalIn::memory, JournalIn::file),
    [](auto const& which) { return which.param == JournalIn::file ? "InAFile" : "InMemory"; });

TEST_F(Restored, HardLinksIntoAnotherDirectoryAreOneObjectThereToo)
{
    scene.link(alice, "report.docx", "plans/same.docx");
    std::string paths[] = {scene.tree()};
    auto plan = plan_restore(scene.journal(), paths, wall_now()).take();
    auto options = scene.options();
    options.to_dir = scene.elsewhere();
    ASSERT_OK(carry_out(plan, scene.contents(), options, nullptr));
    auto one = sys::stat_at(AT_FDCWD, scene.elsewhere() + "/tree/report.docx", 0).take();
    auto other = sys::stat_at(AT_FDCWD, scene.elsewhere() + "/tree/plans/same.docx", 0).take();
    EXPECT_EQ(one.stx_ino, other.stx_ino);
}

TEST_F(Restored, WhatIsNotKnownIsNotFound)
{
    std::string paths[] = {scene / "never"};
    EXPECT_ERRC(Errc::not_found, plan_restore(scene.journal(), paths, then));
}

} // namespace
} // namespace tocsin::undo
