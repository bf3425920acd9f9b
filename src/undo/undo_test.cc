// SPDX-License-Identifier: Apache-2.0
// What an attacker does alone: everything comes back exactly.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/ioctl.h>

#include <linux/fs.h>

#include "tocsin/undo/quarantine.h"
#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

namespace fs = std::filesystem;

// A small office, walked; then the attacker's incident begins.
class Attacked : public testing::Test {
protected:
    void SetUp() override
    {
        scene.given("report.docx", std::string(3000, 'r'));
        scene.given("empty", "");
        scene.given("books/2023.csv", "one,two");
        scene.given("books/2024.csv", "three,four");
        scene.given("books/old/archive.tar", std::string(70'000, 'a'));
        scene.given("letters/one.txt", "Dear one");
        fs::create_hard_link(scene / "letters/one.txt", scene / "letters/copy.txt");
        fs::create_symlink("../report.docx", scene / "books/link");
        ASSERT_EQ(0, ::chmod((scene / "books/2023.csv").c_str(), 0640));
        scene.protect();
        before = scene.snapshot();
        scene.open_incident(event::ActorKind::process_tree, {attacker});
    }

    Report undo_and_expect_all_back()
    {
        auto report = scene.undo();
        expect_same(before, scene.snapshot());
        EXPECT_EQ(0U, report.counts.failed);
        for (auto const& note : report.notes)
            EXPECT_EQ("", note.path + ": " + note.what + ": " + note.why);
        return report;
    }

    Scene scene;
    Snapshot before;
};

TEST_F(Attacked, OverwrittenFilesHaveTheirContentBack)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.write(attacker, "books/old/archive.tar", std::string(70'000, 'X'));
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(2U, report.counts.restored);
    EXPECT_EQ(2U, report.verified);
}

TEST_F(Attacked, TruncatedFilesAndEmptyOnesAreAsTheyWere)
{
    scene.write(attacker, "report.docx", "");
    scene.write(attacker, "empty", "no longer");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AWriteThatNobodyClosedIsUndoneAndItsContentSetAside)
{
    scene.write_without_close(attacker, "report.docx", "half encrypted");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.restored);
    auto kept = list_quarantine(scene.state(), the_incident).take();
    ASSERT_EQ(1U, kept.size());
    EXPECT_EQ(Sha256::of(as_bytes("half encrypted")), kept[0].sha256);
    EXPECT_EQ(scene / "report.docx", kept[0].path);
}

TEST_F(Attacked, StoresThroughAMappingLeaveOnlyAVersion)
{
    std::ofstream(scene / "report.docx") << "mapped";
    scene.captured(attacker, "report.docx", event::Occasion::close);
    auto plan = scene.plan();
    EXPECT_EQ(0U, plan.steps.size()) << "nothing says that the attacker even opened it";

    event::Record opened = [&] {
        event::Activity a;
        a.time = wall_now();
        a.kind = event::ActivityKind::opened;
        a.process = attacker;
        a.object = scene.journal().versions_at(scene / "report.docx").take().front().object;
        return a;
    }();
    ASSERT_OK(scene.journal().append(std::span(&opened, 1)));
    undo_and_expect_all_back();
}

TEST_F(Attacked, DeletedFilesComeBackWithAllTheirNames)
{
    scene.remove(attacker, "report.docx");
    scene.remove(attacker, "books/link");
    scene.remove(attacker, "letters/one.txt");
    scene.remove(attacker, "letters/copy.txt");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(3U, report.counts.recreated);
}

TEST_F(Attacked, OneDeletedNameOfAHardLinkComesBackToTheSameObject)
{
    scene.remove(attacker, "letters/copy.txt");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.recreated);
}

TEST_F(Attacked, ContentChangedThroughOneHardLinkIsRestoredUnderAll)
{
    scene.write(attacker, "letters/copy.txt", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AFurtherNameThatTheAttackerGaveGoesAway)
{
    scene.link(attacker, "report.docx", "books/stolen");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AnObjectLinkedElsewhereAndUnlinkedIsMovedBack)
{
    scene.link(attacker, "report.docx", "books/stolen");
    scene.remove(attacker, "report.docx");
    scene.write(attacker, "books/stolen", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, WholeTreesThatWereDeletedComeBack)
{
    scene.chmod(alice, "books/old", 0700);
    before = scene.snapshot();
    scene.remove_all(attacker, "books");
    scene.remove_all(attacker, "letters");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(8U, report.counts.recreated);
}

TEST_F(Attacked, EncryptedAndRenamedFilesAreRenamedBackAndRestored)
{
    scene.write(attacker, "books/2023.csv", "XXXX");
    scene.rename(attacker, "books/2023.csv", "books/2023.csv.locked");
    scene.rename(attacker, "books/2023.csv.locked", "books/2023.csv.locked.2");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.renamed_back);
    EXPECT_EQ(1U, report.counts.restored);
}

TEST_F(Attacked, CiphertextBesideADeletedOriginalIsSetAside)
{
    scene.create(attacker, "report.docx.gpg", "XXXX");
    scene.remove(attacker, "report.docx");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.set_aside);
    EXPECT_EQ(1U, report.counts.recreated);
    auto kept = list_quarantine(scene.state(), the_incident).take();
    ASSERT_EQ(1U, kept.size());
    EXPECT_EQ("XXXX", sys::read_text(kept[0].file, 100).take());
}

TEST_F(Attacked, WhatARenameDisplacedIsRecreatedAtItsPlace)
{
    scene.create(attacker, "books/tmp", "XXXX");
    scene.rename(attacker, "books/tmp", "books/2024.csv");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.recreated);
    EXPECT_EQ(1U, report.counts.set_aside);
}

TEST_F(Attacked, AFileDisplacedByAnotherOfOursComesBackAndSoDoesTheOther)
{
    scene.rename(attacker, "report.docx", "books/2024.csv");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.renamed_back);
}

TEST_F(Attacked, SwappedNamesAreSwappedBack)
{
    scene.rename(attacker, "books/2023.csv", "books/t");
    scene.rename(attacker, "books/2024.csv", "books/2023.csv");
    scene.rename(attacker, "books/t", "books/2024.csv");
    undo_and_expect_all_back();
}

TEST_F(Attacked, ExchangedNamesAreExchangedBack)
{
    scene.exchange(attacker, "report.docx", "books/2024.csv");
    scene.exchange(attacker, "books", "letters");
    undo_and_expect_all_back();
}

TEST_F(Attacked, ARenamedDirectoryComesBackWithWhatChangedInIt)
{
    scene.rename(attacker, "books", "gone");
    scene.write(attacker, "gone/2023.csv", "XXXX");
    scene.remove(attacker, "gone/old/archive.tar");
    scene.create(attacker, "gone/README", "pay");
    scene.rename(attacker, "gone/old", "gone/older");
    undo_and_expect_all_back();
}

TEST_F(Attacked, ADirectoryMovedBelowAnImpostorOfItselfComesBack)
{
    scene.rename(attacker, "books", "t");
    scene.make_directory(attacker, "books");
    scene.rename(attacker, "t", "books/books");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(1U, report.counts.set_aside);
    EXPECT_EQ(1U, report.counts.renamed_back);
}

TEST_F(Attacked, DirectoriesMovedIntoEachOtherComeApart)
{
    scene.rename(attacker, "letters", "books/old/letters");
    scene.rename(attacker, "books/old", "letters");
    scene.rename(attacker, "books", "letters/books");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AReplacedSymlinkPointsWhereItDid)
{
    scene.remove(attacker, "books/link");
    scene.symlink(attacker, "books/link", "/dev/null");
    scene.remove(attacker, "books/2023.csv");
    scene.symlink(attacker, "books/2023.csv", "/dev/null");
    undo_and_expect_all_back();
}

TEST_F(Attacked, EverythingTheAttackerMadeIsSetAside)
{
    scene.create(attacker, "README", "pay");
    scene.make_directory(attacker, "new");
    scene.make_directory(attacker, "new/deeper");
    scene.create(attacker, "new/deeper/note", "pay");
    scene.symlink(attacker, "new/link", "note");
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(5U, report.counts.set_aside);
    EXPECT_EQ(5U, list_quarantine(scene.state(), {}).take().size());
}

TEST_F(Attacked, RightsAndTimesComeBack)
{
    scene.chmod(attacker, "report.docx", 0);
    scene.set_times(attacker, "letters/one.txt", 1'000'000'007);
    scene.chmod(attacker, "books", 0);
    scene.set_times(attacker, "books/link", 5);
    auto report = undo_and_expect_all_back();
    EXPECT_EQ(4U, report.counts.restored);
}

TEST_F(Attacked, ExtendedAttributesAndTheirLossAreUndone)
{
    scene.set_xattr(alice, "report.docx", "user.author", as_bytes("Alice"));
    before = scene.snapshot();
    scene.remove_xattr(attacker, "report.docx", "user.author");
    scene.set_xattr(attacker, "report.docx", "user.ransom", as_bytes("pay"));
    undo_and_expect_all_back();
}

TEST_F(Attacked, PosixAclsComeBack)
{
    // Version 2; user::rw-, user:1234:r--, group::r--, mask::r--, other::---.
    auto acl = from_hex("02000000"
                        "01000600ffffffff"
                        "02000400d2040000"
                        "04000400ffffffff"
                        "10000400ffffffff"
                        "20000000ffffffff")
                   .take();
    scene.set_xattr(alice, "report.docx", "system.posix_acl_access", acl);
    before = scene.snapshot();
    scene.remove_xattr(attacker, "report.docx", "system.posix_acl_access");
    scene.chmod(attacker, "report.docx", 0777);
    undo_and_expect_all_back();

    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, SparseFilesStaySparse)
{
    {
        auto fd = sys::open(scene / "disk.img", O_RDWR | O_CREAT, 0600).take();
        ASSERT_OK(sys::write_all_at(fd.get(), as_bytes(std::string(4096, 'd')), 65536));
        ASSERT_OK(sys::truncate(fd.get(), 1UL << 20));
        auto all_hole = sys::open(scene / "hole.img", O_RDWR | O_CREAT, 0600).take();
        ASSERT_OK(sys::truncate(all_hole.get(), 1UL << 20));
    }
    scene.protect();
    before = scene.snapshot();
    ASSERT_LT(900'000U, before["disk.img"].holes);
    scene.open_incident(event::ActorKind::process_tree, {attacker});
    scene.write(attacker, "disk.img", "XXXX");
    scene.remove(attacker, "hole.img");
    undo_and_expect_all_back();
}

TEST_F(Attacked, ImmutableFlagsOfTheAttackerAreInNobodysWay)
{
    auto set_immutable = [&](std::string const& path) {
        auto fd = sys::open(path, O_RDONLY).take();
        int flags = FS_IMMUTABLE_FL;
        return ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0;
    };
    scene.write(attacker, "report.docx", "XXXX");
    if (::geteuid() != 0 || !set_immutable(scene / "report.docx"))
        GTEST_SKIP() << "needs CAP_LINUX_IMMUTABLE and a file system with the flag";
    scene.attributes_changed(attacker, "report.docx");
    scene.create(attacker, "README", "pay");
    ASSERT_TRUE(set_immutable(scene / "README"));
    scene.attributes_changed(attacker, "README");
    undo_and_expect_all_back();
    auto kept = list_quarantine(scene.state(), the_incident).take();
    ASSERT_EQ(1U, kept.size());
}

TEST_F(Attacked, OwnersComeBack)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root";
    ASSERT_EQ(0, ::chown((scene / "report.docx").c_str(), 1234, 1235));
    scene.attributes_changed(alice, "report.docx");
    before = scene.snapshot();
    ASSERT_EQ(0, ::chown((scene / "report.docx").c_str(), 0, 0));
    scene.attributes_changed(attacker, "report.docx");
    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

class Absent : public testing::TestWithParam<JournalIn> { };

TEST_P(Absent, ChangesWhileNobodyWatchedAreUndoneTheSameWay)
{
    Scene scene(GetParam());
    scene.given("report.docx", "report");
    scene.given("books/2023.csv", "one,two");
    scene.given("books/2024.csv", "three,four");
    scene.given("letters/one.txt", "Dear one");
    scene.protect();
    auto before = scene.snapshot();
    scene.open_incident(event::ActorKind::unknown, {event::ProcessKey{}});
    scene.write_without_close({}, "report.docx", "XXXX");
    scene.captured({}, "report.docx", event::Occasion::absence);
    std::ofstream(scene / "books/2024.csv") << "changed unseen";
    scene.captured({}, "books/2024.csv", event::Occasion::absence);
    scene.remove({}, "books/2023.csv");
    scene.rename({}, "letters", "letters.locked");
    scene.create({}, "README", "pay");
    auto report = scene.undo();
    EXPECT_EQ(0U, report.counts.failed);
    expect_same(before, scene.snapshot());
}

INSTANTIATE_TEST_SUITE_P(Journals, Absent, testing::Values(JournalIn::memory, JournalIn::file),
    [](auto const& which) { return which.param == JournalIn::file ? "InAFile" : "InMemory"; });

TEST_F(Attacked, TheStateOfAnEarlierAbsenceIsAStateBefore)
{
    scene.open_incident(event::ActorKind::process_tree, {attacker});
    std::ofstream(scene / "report.docx") << "edited while the guard was away";
    scene.captured({}, "report.docx", event::Occasion::absence);
    before = scene.snapshot();
    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AVersionTakenWhileTheAttackerWroteIsPassedOver)
{
    scene.write_without_close(attacker, "report.docx", "half");
    scene.captured(alice, "report.docx", event::Occasion::open);
    scene.captured(attacker, "report.docx", event::Occasion::interval);
    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

// The guard reads of a change some time after it was made; who opened the file let it be captured meanwhile.
TEST_F(Attacked, AVersionTakenBeforeTheChangeWasReadIsPassedOver)
{
    event::Activity changed;
    changed.time = wall_now() + std::chrono::minutes(1);
    changed.kind = event::ActivityKind::changed;
    changed.process = attacker;
    changed.object = scene.object("report.docx");
    event::Record record = changed;
    ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    std::ofstream(scene / "report.docx") << "half";
    scene.captured({}, "report.docx", event::Occasion::open);
    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, AVersionOfAMappingThatNobodyWasToldOfIsPassedOver)
{
    std::ofstream(scene / "report.docx") << "half";
    scene.captured({}, "report.docx", event::Occasion::open);
    scene.write(attacker, "report.docx", "XXXX");
    undo_and_expect_all_back();
}

TEST_F(Attacked, ATimeThatTheActorSetIsNotThatOfWhoOpenedTheFileNext)
{
    scene.set_times(attacker, "letters/one.txt", 1'000'000'007);
    scene.undo();
    before = scene.snapshot();
    event::Activity set;
    set.time = wall_now();
    set.kind = event::ActivityKind::attributes;
    set.process = attacker;
    set.object = scene.object("letters/one.txt");
    event::Record record = set;
    ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    timespec const times[2] = {{0, UTIME_OMIT}, {5, 0}};
    ASSERT_EQ(0, ::utimensat(AT_FDCWD, (scene / "letters/one.txt").c_str(), times, 0));
    scene.captured({}, "letters/one.txt", event::Occasion::open);
    scene.captured(attacker, "letters/one.txt", event::Occasion::interval);
    undo_and_expect_all_back();
}

TEST_F(Attacked, AFileWithoutAVersionIsNamedAsFailed)
{
    auto fd = sys::open(scene / "unseen", O_WRONLY | O_CREAT, 0600).take();
    scene.remove(attacker, "unseen");
    auto report = scene.undo();
    EXPECT_EQ(1U, report.counts.failed);
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ(scene / "unseen", report.notes[0].path);
}

TEST_F(Attacked, AFileThatIsLeftOutIsNamedAndNoFailure)
{
    auto tree = scene.journal().roots().take().front();
    tree.excludes = {"*.tmp"};
    event::Record record = tree;
    ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    auto fd = sys::open(scene / "scratch.tmp", O_WRONLY | O_CREAT, 0600).take();
    scene.remove(attacker, "scratch.tmp");
    auto report = scene.undo();
    EXPECT_EQ(0U, report.counts.failed);
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ((Note{scene / "scratch.tmp", "left out",
                  "--exclude names it: no version is kept, and it stays as it is"}),
        report.notes[0]);
}

TEST_F(Attacked, AMissingBlobFailsOneFileAndSparesTheOthers)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.rename(attacker, "books/2023.csv", "books/x");
    scene.contents().forget_all();
    auto report = scene.undo();
    EXPECT_EQ(1U, report.counts.failed);
    EXPECT_EQ(1U, report.counts.renamed_back);
    EXPECT_EQ("XXXX", scene.read("report.docx"));
}

TEST_F(Attacked, ASecondUndoFindsNothingToDo)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.rename(attacker, "books", "b");
    scene.remove(attacker, "letters/one.txt");
    scene.create(attacker, "README", "pay");
    undo_and_expect_all_back();
    auto again = scene.plan();
    EXPECT_EQ(Counts{}, again.counts);
    undo_and_expect_all_back();
}

TEST_F(Attacked, ADryRunCountsAndChangesNothing)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.remove(attacker, "books/2023.csv");
    auto damaged = scene.snapshot();
    auto told = foretell(scene.plan());
    EXPECT_EQ(1U, told.counts.restored);
    EXPECT_EQ(1U, told.counts.recreated);
    auto named = [&](std::string const& path, std::string const& what) {
        return std::ranges::find(told.notes, Note{scene / path, what, ""}) != told.notes.end();
    };
    EXPECT_TRUE(named("report.docx", "to restore"));
    EXPECT_TRUE(named("books/2023.csv", "to recreate"));
    expect_same(damaged, scene.snapshot());
    EXPECT_EQ(told.counts, undo_and_expect_all_back().counts);
}

TEST_F(Attacked, UndoIntoADirectoryTouchesNothingElse)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.rename(attacker, "report.docx", "report.locked");
    scene.remove_all(attacker, "books");
    scene.create(attacker, "README", "pay");
    auto damaged = scene.snapshot();
    auto options = scene.options();
    options.to_dir = scene.elsewhere();
    auto report = scene.undo_with(options).take();
    expect_same(damaged, scene.snapshot());
    EXPECT_EQ(0U, report.counts.failed);
    auto there = scene.elsewhere() + "/tree";
    EXPECT_EQ(std::string(3000, 'r'), sys::read_text(there + "/report.docx", 10'000).take());
    EXPECT_EQ("one,two", sys::read_text(there + "/books/2023.csv", 100).take());
    EXPECT_EQ("../report.docx", fs::read_symlink(there + "/books/link").string());
    EXPECT_FALSE(fs::exists(there + "/README"));
    auto books = sys::stat_at(AT_FDCWD, there + "/books", 0).take();
    EXPECT_EQ(before["books"].mtime_ns, sys::to_nanoseconds(books.stx_mtime));
}

TEST(Undo, OfAnUnknownIncidentIsNotFound)
{
    FakeJournal journal;
    EXPECT_ERRC(Errc::not_found, make_plan(journal, {9}));
}

TEST(NameBeside, KeepsTheEndingAndTheLimit)
{
    EXPECT_EQ("report.before-incident-3.docx", name_beside("report.docx", {3}, 1));
    EXPECT_EQ("report.before-incident-3-2.docx", name_beside("report.docx", {3}, 2));
    EXPECT_EQ("Makefile.before-incident-12", name_beside("Makefile", {12}, 1));
    EXPECT_EQ(".bashrc.before-incident-3", name_beside(".bashrc", {3}, 1));
    EXPECT_EQ(255U, name_beside(std::string(251, 'x') + ".txt", {3}, 1).size());
}

} // namespace
} // namespace tocsin::undo
