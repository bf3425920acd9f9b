// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/made_early.h"

#include "tocsin/base/test.h"
#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

using event::ProcessKey;

constexpr ProcessKey shell{40, 1};

// The destroyer began a minute before its first damage; `report.docx` and `plan.txt` are others'.
class MadeEarly : public testing::Test {
protected:
    MadeEarly()
    {
        scene.given("report.docx", "report");
        scene.given("plan.txt", "plan");
        scene.protect();
        destroyer.start_ticks = ticks_since_boot(wall_now() - std::chrono::minutes(1));
        tell_process(shell, {1, 0}, "/bin/bash");
        tell_process(destroyer, shell, "/usr/bin/python3");
    }

    void tell(event::Record record) { ASSERT_OK(scene.journal().append(std::span(&record, 1))); }

    void tell_process(ProcessKey key, ProcessKey parent, std::string_view executable)
    {
        event::Process out;
        out.key = key;
        out.parent = parent;
        out.executable = executable;
        tell(out);
    }

    // All that was done until now was done a while before the first damage.
    void begin_damage()
    {
        scene.open_incident(event::ActorKind::process_tree, {destroyer});
        incident = *scene.journal().incident(the_incident).take();
        incident.score = 1;
        incident.actor.top = destroyer;
    }

    void expect_made(bool is_early, std::string const& path)
    {
        auto const object = scene.object(path);
        auto made = made_early(scene.journal(), incident).take();
        EXPECT_EQ(is_early, made.objects.contains(object)) << path;
    }

    void expect_nothing() { EXPECT_TRUE(made_early(scene.journal(), incident).take().objects.empty()); }

    Scene scene;
    ProcessKey destroyer{50, 0};
    event::Incident incident;
};

TEST_F(MadeEarly, ArchivesAndCopiesAtFreeNames)
{
    scene.create(destroyer, "loot.zip.tmp", "PK");
    scene.rename(destroyer, "loot.zip.tmp", "loot.zip");
    begin_damage();
    expect_made(true, "loot.zip");
    expect_made(false, "report.docx");
}

TEST_F(MadeEarly, NoSaveOverAnothersFile)
{
    scene.create(destroyer, "report.tmp", "report, edited");
    scene.rename(destroyer, "report.tmp", "report.docx");
    scene.rename(destroyer, "plan.txt", "plan.txt~");
    scene.create(destroyer, "plan.txt", "plan, edited");
    scene.remove(destroyer, "plan.txt~");
    begin_damage();
    expect_nothing();
}

TEST_F(MadeEarly, NoSaveByExchangeOrLink)
{
    scene.create(destroyer, "report.tmp", "report, edited");
    scene.exchange(destroyer, "report.tmp", "report.docx");
    scene.remove(destroyer, "report.tmp");
    scene.create(destroyer, "plan.tmp", "plan, edited");
    scene.remove(destroyer, "plan.txt");
    scene.link(destroyer, "plan.tmp", "plan.txt");
    begin_damage();
    expect_nothing();
}

TEST_F(MadeEarly, OfAConversionBoth)
{
    auto const report = scene.object("report.docx");
    scene.create(destroyer, "report.pdf", "%PDF");
    scene.remove(destroyer, "report.docx");
    begin_damage();
    expect_made(true, "report.pdf");
    EXPECT_TRUE(made_early(scene.journal(), incident).take().objects.contains(report));
}

TEST_F(MadeEarly, WhatIsLeftUnderAnotherEnding)
{
    auto const report = scene.object("report.docx");
    scene.rename(destroyer, "report.docx", "report.bak");
    scene.create(destroyer, "report.docx", "XXXX");
    scene.rename(destroyer, "report.docx", "report.enc");
    scene.remove(destroyer, "report.bak");
    begin_damage();
    expect_made(true, "report.enc");
    EXPECT_TRUE(made_early(scene.journal(), incident).take().objects.contains(report));
}

TEST_F(MadeEarly, NoOlderBackupThatANewerOneReplaces)
{
    scene.create(alice, "plan.txt~", "last week's plan");
    scene.remove(destroyer, "plan.txt~");
    scene.rename(destroyer, "plan.txt", "plan.txt~");
    scene.create(destroyer, "plan.txt", "plan, edited");
    begin_damage();
    expect_nothing();
}

TEST_F(MadeEarly, NoObjectThatHasAnotherName)
{
    scene.link(alice, "plan.txt", "plans.txt");
    scene.write(destroyer, "plan.txt", "an honest line");
    scene.remove(destroyer, "plans.txt");
    begin_damage();
    expect_nothing();
}

TEST_F(MadeEarly, NothingBeforeTheMachineWasStartedAgain)
{
    scene.create(destroyer, "loot.zip", "PK");
    begin_damage();
    incident.opened = boot_time() - std::chrono::seconds(1);
    expect_nothing();
}

TEST_F(MadeEarly, NothingOfOneThatHasLongBeenThere)
{
    destroyer.start_ticks = 1;
    tell_process(destroyer, shell, "/usr/bin/python3");
    scene.create(destroyer, "loot.zip", "PK");
    begin_damage();
    incident.first_activity = std::max(incident.first_activity, boot_time() + std::chrono::minutes(11));
    expect_nothing();
}

TEST_F(MadeEarly, NothingOfAServersChild)
{
    tell_process(destroyer, shell, "/bin/bash");
    scene.create(destroyer, "upload.zip", "PK");
    begin_damage();
    expect_nothing();
}

TEST_F(MadeEarly, NothingOfWhomNobodyConvicts)
{
    scene.create(destroyer, "loot.zip", "PK");
    begin_damage();
    incident.score = 0.5;
    expect_nothing();
}

TEST_F(MadeEarly, NothingFromBeforeAPersonReleasedIt)
{
    scene.create(destroyer, "export.zip", "PK");
    begin_damage();
    event::Incident before;
    before.id = {the_incident.value + 1};
    before.actor.processes = {destroyer};
    tell(before);
    event::Action thaw;
    thaw.incident = before.id;
    thaw.kind = event::ActionKind::thaw;
    thaw.time = incident.first_activity - std::chrono::nanoseconds(1);
    tell(thaw);
    expect_nothing();
}

// Its session pruned a repository of backups before; who did it is not condemned.
class Errand : public MadeEarly {
protected:
    Errand()
    {
        scene.create(alice, "pack", "packed");
        scene.create(alice, "snapshot", "1");
        pruner.start_ticks = destroyer.start_ticks;
        tell_process(pruner, shell, "/usr/bin/restic");
    }
    void undo_errand()
    {
        auto const done = scene.journal().activities_by(std::span(&pruner, 1), {}).take();
        begin_damage();
        incident.errands = {{pruner, done.front().time, done.back().time}};
        tell(incident);
        scene.create(pruner, "log", "it went on");
        EXPECT_EQ(0U, scene.undo().counts.failed);
    }

    ProcessKey pruner{60, 0};
};

TEST_F(Errand, IsTakenBackWithWhatWasMadeForIt)
{
    scene.create(pruner, "index", "anew");
    scene.remove(pruner, "snapshot");
    scene.remove(pruner, "pack");
    undo_errand();
    EXPECT_EQ("packed", scene.read("pack"));
    EXPECT_EQ("1", scene.read("snapshot"));
    EXPECT_FALSE(scene.exists("index"));
    EXPECT_EQ("it went on", scene.read("log"));
}

TEST_F(Errand, OfWhoWasThereBeforeOnlyWhatItDeleted)
{
    pruner.start_ticks = 1;
    tell_process(pruner, shell, "/usr/bin/restic");
    scene.create(pruner, "index", "anew");
    scene.remove(pruner, "pack");
    undo_errand();
    EXPECT_EQ("packed", scene.read("pack"));
    EXPECT_EQ(boot_time() + std::chrono::minutes(11) > wall_now(), !scene.exists("index"));
}

TEST_F(Errand, LeavesWhatOthersDeleted)
{
    scene.remove(alice, "snapshot");
    scene.remove(pruner, "pack");
    undo_errand();
    EXPECT_TRUE(scene.exists("pack"));
    EXPECT_FALSE(scene.exists("snapshot"));
}

TEST_F(MadeEarly, IsTakenBackByUndo)
{
    scene.create(destroyer, "loot.zip", "PK");
    scene.remove(destroyer, "report.docx");
    scene.write(destroyer, "plan.txt", "an honest line, as far as anybody can tell");
    begin_damage();
    tell(incident);
    auto const report = scene.undo();
    EXPECT_EQ(1U, report.counts.set_aside);
    EXPECT_FALSE(scene.exists("loot.zip"));
    EXPECT_EQ("report", scene.read("report.docx"));
    EXPECT_EQ("an honest line, as far as anybody can tell", scene.read("plan.txt"));
}

} // namespace
} // namespace tocsin::undo
