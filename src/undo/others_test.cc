// SPDX-License-Identifier: Apache-2.0
// What others did before, during and after stays, and undo goes on after being killed.
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/proc.h"
#include "tocsin/undo/quarantine.h"
#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

namespace fs = std::filesystem;

class Shared : public testing::Test {
protected:
    void SetUp() override
    {
        scene.given("report.docx", "report");
        scene.given("plans/2024.txt", "plan of 2024");
        scene.given("plans/2025.txt", "plan of 2025");
        scene.given_directory("inbox");
        scene.protect();
        scene.open_incident(event::ActorKind::process_tree, {attacker});
    }

    void expect_paths(std::set<std::string> const& expected)
    {
        std::set<std::string> actual;
        for (auto const& [path, seen] : scene.snapshot())
            actual.insert(path);
        EXPECT_EQ(expected, actual);
    }

    // Told of report.docx, and done by the test itself.
    void tell(event::ProcessKey who, event::ActivityKind kind)
    {
        event::Activity out;
        out.time = wall_now();
        out.kind = kind;
        out.process = who;
        out.object = scene.object("report.docx");
        if (kind == event::ActivityKind::attributes)
            out.metadata = event::read_metadata(sys::open(scene / "report.docx", O_PATH).take().get()).take();
        event::Record record = out;
        ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    }

    Scene scene;
};

// Another program that has a file open and writes to it when it is told to.
class LoggingDaemon {
public:
    explicit LoggingDaemon(std::string const& path)
    {
        std::array<int, 2> to_child{};
        std::array<int, 2> to_parent{};
        if (::pipe(to_child.data()) != 0 || ::pipe(to_parent.data()) != 0)
            std::abort();
        child_ = ::fork();
        if (child_ == 0) {
            ::close(to_child[1]);
            int log = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
            char byte = 0;
            bool const told = ::write(to_parent[1], "r", 1) == 1 && ::read(to_child[0], &byte, 1) == 1;
            ::_exit(told && ::write(log, "later\n", 6) == 6 ? 0 : 1);
        }
        ::close(to_child[0]);
        ::close(to_parent[1]);
        tell_ = UniqueFd(to_child[1]);
        UniqueFd ready(to_parent[0]);
        char byte = 0;
        EXPECT_EQ(1, ::read(ready.get(), &byte, 1));
    }
    ~LoggingDaemon()
    {
        tell_.reset();
        if (child_ > 0)
            ::waitpid(child_, nullptr, 0);
    }
    event::ProcessKey key() const
    {
        return {child_, proc::ProcDir::open().take().stat(child_).take().start_ticks};
    }
    void write_and_end()
    {
        ASSERT_EQ(1, ::write(tell_.get(), "w", 1));
        int status = 0;
        auto const child = std::exchange(child_, 0);
        ASSERT_EQ(child, ::waitpid(child, &status, 0));
        EXPECT_EQ(0, status);
    }

private:
    pid_t child_ = 0;
    UniqueFd tell_;
};

class InUse : public Shared {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "needs root: whose descriptors are open is told to root alone";
        Shared::SetUp();
        daemon.emplace(scene / "report.docx");
        scene.write(attacker, "report.docx", "XXXX");
    }

    // The damaged file with what the daemon wrote later stands beside the one from before.
    void expect_kept_beside()
    {
        EXPECT_EQ("report", scene.read("report.docx"));
        EXPECT_EQ("XXXXlater\n", scene.read("report.still-in-use.docx"));
        expect_paths({"", "inbox", "plans", "plans/2024.txt", "plans/2025.txt", "report.docx",
            "report.still-in-use.docx"});
    }

    std::optional<LoggingDaemon> daemon;
};

TEST_F(InUse, WhatADaemonHasOpenStaysBesideWhatReplacedIt)
{
    scene.write(attacker, "plans/2024.txt", "XXXX");
    auto report = scene.undo();
    daemon->write_and_end();
    expect_kept_beside();
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ("kept_both", report.notes.front().what);
    EXPECT_TRUE(report.notes.front().why.contains("has it open and writes there"))
        << report.notes.front().why;
}

TEST_F(InUse, ASecondUndoLeavesWhatADaemonStillHasOpen)
{
    scene.undo();
    scene.catch_up(event::undo_process); // the witness tells of undo's renames too
    scene.undo();
    daemon->write_and_end();
    expect_kept_beside();
}

TEST_F(InUse, ASecondUndoTakesWhatADaemonWroteForAnotherFile)
{
    scene.undo();
    scene.catch_up(event::undo_process); // the witness tells of undo's renames too
    daemon->write_and_end();
    scene.captured(alice, "report.still-in-use.docx", event::Occasion::close);
    scene.undo();
    expect_kept_beside();
}

// Two attackers, one after another.
class Twice : public testing::TestWithParam<JournalIn> {
protected:
    void SetUp() override
    {
        scene.given("report.docx", "report");
        scene.given("plans/2024.txt", "plan of 2024");
        scene.given("plans/2025.txt", "plan of 2025");
        scene.protect();
    }

    // Undoes all that they did from the beginning on.
    Report undo_of(event::ProcessKey who)
    {
        scene.open_incident(event::ActorKind::process_tree, {who});
        auto incident = *scene.journal().incident(the_incident).take();
        incident.first_activity = began[who];
        event::Record record(incident);
        EXPECT_OK(scene.journal().append(std::span(&record, 1)));
        return scene.undo();
    }
    void begin(event::ProcessKey who)
    {
        scene.open_incident(event::ActorKind::process_tree, {who});
        began[who] = scene.journal().incident(the_incident).take()->first_activity;
    }

    Scene scene{GetParam()};
    event::ProcessKey second{500, 1};
    std::map<event::ProcessKey, WallTime> began;
};

INSTANTIATE_TEST_SUITE_P(
    Journals, Twice, testing::Values(JournalIn::memory, JournalIn::file, JournalIn::echoed));

TEST_P(Twice, WhatTheFirstUndoPutBackStaysAtTheSecond)
{
    auto const before = scene.snapshot();
    begin(attacker);
    scene.write(attacker, "report.docx", "XXXX");
    begin(second);
    std::ofstream(scene / "report.docx", std::ios::app) << "and more"; // and it has it open
    scene.captured(second, "report.docx", event::Occasion::interval);
    undo_of(attacker);
    EXPECT_EQ("report", scene.read("report.docx"));
    scene.remove_all(second, "plans");
    auto const report = undo_of(second);
    EXPECT_EQ(0U, report.counts.failed + report.counts.kept_both + report.counts.restored);
    expect_same(without_times(before, {""}), without_times(scene.snapshot(), {""}));
}

TEST_P(Twice, WhatAPersonRestoredStaysToo)
{
    auto const then = wall_now();
    begin(second);
    scene.write(alice, "report.docx", "report, edited");
    scene.write(second, "report.docx", "XXXX");
    std::string const paths[] = {scene / "report.docx"};
    auto plan = plan_restore(scene.journal(), paths, then).take();
    ASSERT_OK(carry_out(plan, scene.contents(), scene.options(), &scene.journal()));
    scene.remove(second, "plans/2024.txt");
    undo_of(second);
    EXPECT_EQ("report", scene.read("report.docx"));
    EXPECT_EQ("plan of 2024", scene.read("plans/2024.txt"));
}

TEST_P(Twice, AFolderComesBackBesideTheOneThatAPersonRestoredUnderItsName)
{
    auto const then = wall_now();
    begin(second);
    scene.rename(second, "plans", "plans.enc");
    scene.write(second, "plans.enc/2024.txt", "XXXX");
    scene.create(second, "plans.enc/README", "pay");
    std::string const paths[] = {scene / "plans/2024.txt"};
    auto plan = plan_restore(scene.journal(), paths, then).take();
    ASSERT_OK(carry_out(plan, scene.contents(), scene.options(), &scene.journal()));
    auto const report = undo_of(second);
    EXPECT_EQ("plan of 2024", scene.read("plans/2024.txt")) << "the person's";
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ("kept_both", report.notes.front().what);
    EXPECT_EQ("plan of 2024", scene.read("plans.before-incident-3/2024.txt"));
    EXPECT_EQ("plan of 2025", scene.read("plans.before-incident-3/2025.txt"));
    EXPECT_FALSE(scene.exists("plans.before-incident-3/README"));
    EXPECT_FALSE(scene.exists("plans.enc"));
}

TEST_P(Twice, WhatWasReplacedIsNobodysAtTheSecond)
{
    auto const before = scene.snapshot();
    begin(attacker);
    scene.write(attacker, "plans/2024.txt", "XXXX");
    scene.write(attacker, "plans/2025.txt", "XXXX");
    undo_of(attacker);
    begin(second);
    scene.remove_all(second, "plans");
    auto const report = undo_of(second);
    EXPECT_TRUE(report.notes.empty()) << report.notes.front().path << ": " << report.notes.front().why;
    expect_same(without_times(before, {""}), without_times(scene.snapshot(), {""}));
}

TEST_F(Shared, ATimeThatOthersSetBeforeOrAfterStays)
{
    constexpr std::int64_t second = 1'000'000'000;
    scene.set_times(alice, "report.docx", 1'580'000'000 * second);
    auto const before = scene.snapshot();
    scene.write(attacker, "report.docx", "XXXX");
    scene.write(attacker, "plans/2024.txt", "XXXX");
    scene.set_times(alice, "plans/2024.txt", 1'590'000'000 * second);
    scene.undo();
    auto after = scene.snapshot();
    EXPECT_EQ(before.at("report.docx").mtime_ns, after["report.docx"].mtime_ns);
    EXPECT_EQ("plan of 2024", scene.read("plans/2024.txt"));
    EXPECT_EQ(1'590'000'000 * second, after["plans/2024.txt"].mtime_ns);
}

// A log is not closed for days: who opens it lets it be captured as it is.
TEST_F(Shared, WhatAProgramHasWrittenAndNotClosedStays)
{
    scene.write_without_close(alice, "report.docx", "report and more");
    scene.captured({}, "report.docx", event::Occasion::open);
    auto const before = scene.snapshot();
    scene.write(attacker, "report.docx", "XXXX");
    auto const report = scene.undo();
    EXPECT_EQ("report and more", scene.read("report.docx"));
    ASSERT_EQ(1U, report.notes.size());
    auto const closed = scene.journal().versions_at(scene / "report.docx").take().front().id.value;
    EXPECT_TRUE(report.notes.front().why.ends_with(fmt::format("closed is version {}", closed)));
    EXPECT_EQ(0U, scene.undo().notes.size()) << "it stands";
}

// Stores to a mapping are told by nobody; what holds them is not others' because they write as well.
TEST_F(Shared, WhatTheActorWroteThroughAMappingIsNotOfWhoHasItOpenToo)
{
    scene.write_without_close(alice, "report.docx", "XX");
    scene.captured({}, "report.docx", event::Occasion::open);
    std::ofstream(scene / "report.docx") << "XXXX";
    tell(attacker, event::ActivityKind::closed);
    scene.captured(attacker, "report.docx", event::Occasion::close);
    scene.write_without_close(alice, "report.docx", "XXXX and a line");
    scene.captured(alice, "report.docx", event::Occasion::interval);
    scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
}

TEST_F(Shared, WhatSomebodyLookedAtAfterTheActorsLastStoreIsTheActors)
{
    std::ofstream(scene / "report.docx") << "XXXX";
    scene.captured({}, "report.docx", event::Occasion::open);
    tell(attacker, event::ActivityKind::closed);
    scene.captured(attacker, "report.docx", event::Occasion::close);
    scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
}

// Who has been at work for longer than the ten seconds before its first damage was seen.
TEST_F(Shared, WhatTheActorBeganLongBeforeIsNotOthers)
{
    scene.write_without_close(attacker, "report.docx", "half");
    scene.captured({}, "report.docx", event::Occasion::open);
    scene.write(attacker, "report.docx", "XXXX");
    auto incident = *scene.journal().incident(the_incident).take();
    incident.first_activity = scene.journal().versions_at(scene / "report.docx").take().at(1).time;
    event::Record record = incident;
    ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
}

TEST_F(Shared, ATimeThatTheActorSetIsNotOfWhoSetRightsNext)
{
    auto const before = scene.snapshot();
    timespec const times[2] = {{0, UTIME_OMIT}, {5, 0}};
    ASSERT_EQ(0, ::utimensat(AT_FDCWD, (scene / "report.docx").c_str(), times, 0));
    tell(attacker, event::ActivityKind::attributes);
    scene.chmod(alice, "report.docx", 0640);
    scene.undo();
    EXPECT_EQ(before.at("report.docx").mtime_ns, scene.snapshot()["report.docx"].mtime_ns);
    EXPECT_EQ(0640U, scene.snapshot()["report.docx"].mode & 07777);
}

TEST_F(Shared, WhatTheActorItselfHasOpenIsNotKept)
{
    LoggingDaemon frozen(scene / "report.docx");
    scene.open_incident(event::ActorKind::process_tree, {attacker, frozen.key()});
    scene.write(attacker, "report.docx", "XXXX");
    auto report = scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
    EXPECT_TRUE(report.notes.empty());
    expect_paths({"", "inbox", "plans", "plans/2024.txt", "plans/2025.txt", "report.docx"});
}

TEST_F(Shared, UntouchedWorkOfOthersStays)
{
    scene.create(alice, "inbox/new.txt", "mail");
    scene.write(attacker, "report.docx", "XXXX");
    scene.write(alice, "plans/2024.txt", "plan of 2024, second edition");
    scene.rename(alice, "plans/2025.txt", "plans/2026.txt");
    auto report = scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
    EXPECT_EQ("plan of 2024, second edition", scene.read("plans/2024.txt"));
    expect_paths({"", "inbox", "inbox/new.txt", "plans", "plans/2024.txt", "plans/2026.txt", "report.docx"});
    EXPECT_EQ(1U, report.counts.restored);
}

TEST_F(Shared, AnEditOfOthersBeforeTheDamageIsTheStateBefore)
{
    scene.write(alice, "report.docx", "edited during the incident");
    scene.write(attacker, "report.docx", "XXXX");
    auto report = scene.undo();
    EXPECT_EQ("edited during the incident", scene.read("report.docx"));
    EXPECT_EQ(0U, report.counts.kept_both);
}

TEST_F(Shared, WhenBothChangedAFileBothVersionsStay)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.write(alice, "report.docx", "rewritten by Alice");
    auto report = scene.undo();
    EXPECT_EQ("rewritten by Alice", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_EQ(1U, report.counts.kept_both);
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ(scene / "report.before-incident-3.docx", report.notes[0].path);
}

TEST_F(Shared, AnEditBetweenTwoAttacksIsNotLostEither)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.write(alice, "report.docx", "rewritten by Alice");
    scene.write(attacker, "report.docx", "YYYY");
    auto report = scene.undo();
    EXPECT_EQ("rewritten by Alice", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_EQ(1U, report.counts.kept_both);
}

TEST_F(Shared, AnUnclosedEditOfOthersIsLeftAloneAndTheVersionBeforeStandsBeside)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.write_without_close(alice, "report.docx", "Alice is typing");
    scene.undo();
    EXPECT_EQ("Alice is typing", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
}

TEST_F(Shared, ARenameByOthersStandsAndTheContentIsRestoredThere)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.rename(alice, "report.docx", "inbox/broken.docx");
    scene.undo();
    EXPECT_EQ("report", scene.read("inbox/broken.docx"));
    EXPECT_FALSE(scene.exists("report.docx"));
}

TEST_F(Shared, ADeletionByOthersStandsAndIsNamed)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.remove(alice, "report.docx");
    auto report = scene.undo();
    EXPECT_FALSE(scene.exists("report.docx"));
    ASSERT_EQ(1U, report.notes.size());
    EXPECT_EQ(scene / "report.docx", report.notes[0].path);
    EXPECT_EQ("kept", report.notes[0].what);
}

TEST_F(Shared, ASaveByRenameOverADamagedFileKeepsBoth)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.create(alice, "report.tmp", "typed anew");
    scene.rename(alice, "report.tmp", "report.docx");
    auto report = scene.undo();
    EXPECT_EQ("typed anew", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_EQ(1U, report.counts.kept_both);
}

TEST_F(Shared, ANewFileOfOthersKeepsTheNameOfADeletedOne)
{
    scene.remove(attacker, "report.docx");
    scene.create(alice, "report.docx", "typed anew");
    auto report = scene.undo();
    EXPECT_EQ("typed anew", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_EQ(1U, report.counts.kept_both);
}

TEST_F(Shared, ANewFileOfOthersKeepsTheNameOfARenamedOne)
{
    scene.rename(attacker, "report.docx", "report.locked");
    scene.create(alice, "report.docx", "typed anew");
    scene.undo();
    EXPECT_EQ("typed anew", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_FALSE(scene.exists("report.locked"));
}

TEST_F(Shared, AFileOfTheAttackerThatOthersChangedStaysAndIsNamed)
{
    scene.create(attacker, "notes.txt", "by the attacker");
    scene.write(alice, "notes.txt", "taken over by Alice");
    scene.create(attacker, "moved.txt", "by the attacker");
    scene.rename(alice, "moved.txt", "inbox/moved.txt");
    auto report = scene.undo();
    EXPECT_EQ("taken over by Alice", scene.read("notes.txt"));
    EXPECT_TRUE(scene.exists("inbox/moved.txt"));
    EXPECT_EQ(0U, report.counts.set_aside);
    EXPECT_EQ(2U, report.notes.size());
}

TEST_F(Shared, ADirectoryOfTheAttackerStaysForTheFilesOfOthersInIt)
{
    scene.make_directory(attacker, "loot");
    scene.create(attacker, "loot/key", "k");
    scene.create(alice, "loot/mine.txt", "mine");
    scene.rename(alice, "report.docx", "loot/report.docx");
    auto report = scene.undo();
    expect_paths({"", "inbox", "loot", "loot/mine.txt", "loot/report.docx", "plans", "plans/2024.txt",
        "plans/2025.txt"});
    EXPECT_EQ(1U, report.counts.set_aside);
}

TEST_F(Shared, WhatOthersPutIntoAnImpostorOfADirectoryGoesIntoTheRealOne)
{
    auto before = scene.snapshot();
    scene.rename(attacker, "plans", "plans.old");
    scene.make_directory(attacker, "plans");
    scene.create(alice, "plans/2026.txt", "plan of 2026");
    scene.undo();
    expect_paths({"", "inbox", "plans", "plans/2024.txt", "plans/2025.txt", "plans/2026.txt", "report.docx"});
    EXPECT_EQ("plan of 2026", scene.read("plans/2026.txt"));
}

TEST_F(Shared, ADeletedDirectoryThatOthersMadeAgainIsFilledAgain)
{
    scene.remove_all(attacker, "plans");
    scene.make_directory(alice, "plans");
    scene.create(alice, "plans/2024.txt", "started over");
    scene.undo();
    expect_paths({"", "inbox", "plans", "plans/2024.before-incident-3.txt", "plans/2024.txt",
        "plans/2025.txt", "report.docx"});
    EXPECT_EQ("started over", scene.read("plans/2024.txt"));
}

TEST_F(Shared, FilesMadeByOthersInARenamedDirectoryComeHomeWithIt)
{
    scene.rename(attacker, "plans", "locked");
    scene.create(alice, "locked/2026.txt", "plan of 2026");
    scene.undo();
    EXPECT_EQ("plan of 2026", scene.read("plans/2026.txt"));
    EXPECT_FALSE(scene.exists("locked"));
}

TEST_F(Shared, FilesMadeByOthersAndDeletedByTheAttackerComeBack)
{
    scene.create(alice, "plans/2026.txt", "plan of 2026");
    scene.remove_all(attacker, "plans");
    scene.undo();
    EXPECT_EQ("plan of 2026", scene.read("plans/2026.txt"));
}

TEST_F(Shared, DirectoriesMovedIntoEachOtherByBothEndSomewhere)
{
    scene.rename(attacker, "plans", "inbox/plans");
    scene.rename(alice, "inbox", "inbox2");
    scene.rename(alice, "inbox2/plans", "plans");
    scene.rename(alice, "inbox2", "plans/inbox");
    auto report = scene.undo();
    EXPECT_TRUE(scene.exists("plans/inbox"));
    EXPECT_EQ(0U, report.counts.failed);
}

TEST_F(Shared, RightsThatOthersChangedSinceStay)
{
    scene.chmod(attacker, "report.docx", 0);
    scene.set_xattr(alice, "report.docx", "user.comment", as_bytes("why unreadable?"));
    scene.undo();
    auto seen = scene.snapshot()["report.docx"];
    EXPECT_EQ(0644U, seen.mode & 07777U);
    ASSERT_EQ(1U, seen.xattrs.size());

    scene.chmod(attacker, "plans/2024.txt", 0);
    scene.chmod(alice, "plans/2024.txt", 0600);
    scene.undo();
    EXPECT_EQ(0600U, scene.snapshot()["plans/2024.txt"].mode & 07777U);
}

TEST_F(Shared, AFileThatAppearedUnseenIsNotReplaced)
{
    scene.remove(attacker, "report.docx");
    std::ofstream(scene / "report.docx") << "nobody told the journal";
    auto report = scene.undo();
    EXPECT_EQ("nobody told the journal", scene.read("report.docx"));
    EXPECT_EQ("report", scene.read("report.before-incident-3.docx"));
    EXPECT_EQ(1U, report.counts.kept_both);
}

TEST_F(Shared, ASymlinkPutIntoThePathLeadsNowhere)
{
    scene.write(attacker, "plans/2024.txt", "XXXX");
    fs::rename(scene / "plans", scene / "hidden");
    fs::create_directory(scene.elsewhere());
    std::ofstream(scene.elsewhere() + "/2024.txt") << "outside";
    fs::create_symlink(scene.elsewhere(), scene / "plans");
    auto report = scene.undo();
    EXPECT_EQ(1U, report.counts.failed);
    EXPECT_EQ("outside", sys::read_text(scene.elsewhere() + "/2024.txt", 100).take());
}

TEST_F(Shared, ATreeUnderAnotherMountOrDirectoryIsRefused)
{
    scene.write(attacker, "report.docx", "XXXX");
    fs::rename(scene.tree(), scene.tree() + ".moved");
    fs::create_directory(scene.tree());
    EXPECT_ERRC(Errc::not_found, scene.undo_with(scene.options()));
}

TEST_F(Shared, EachAttackOfTwoIsUndoneByItself)
{
    scene.write(attacker, "report.docx", "XXXX");
    event::Incident second;
    second.id = {4};
    second.actor.processes = {{300, 1}};
    second.first_activity = second.opened = wall_now();
    event::Record record = second;
    ASSERT_OK(scene.journal().append(std::span(&record, 1)));
    scene.write({300, 1}, "report.docx", "YYYY");
    auto plan = make_plan(scene.journal(), {4}).take();
    ASSERT_OK(carry_out(plan, scene.contents(), scene.options(), &scene.journal()));
    EXPECT_EQ("XXXX", scene.read("report.docx"));
    scene.undo();
    EXPECT_EQ("report", scene.read("report.docx"));
}

} // namespace
} // namespace tocsin::undo
