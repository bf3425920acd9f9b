// SPDX-License-Identifier: Apache-2.0
// What passed as asked for, and turns out to have been the beginning of an attack.
#include <algorithm>
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::minutes;

class PastErrandsTest : public ::testing::Test {
protected:
    PastErrandsTest()
    {
        papers = scene.files("/srv/docs", 400, text, ".txt");
        project = scene.files("/srv/project", 20, text, ".txt");
    }
    // rm -rf project
    void removes_project(ProcessKey who)
    {
        for (auto const& path : scene.shuffled(project))
            scene.deletes(who, path);
        ASSERT_FALSE(scene.stopped()) << scene.reasons();
    }
    ProcessKey removes_project_below(ProcessKey starter)
    {
        auto const rm = scene.run_below(starter, "rm -rf project");
        removes_project(rm);
        scene.ends(rm);
        return rm;
    }
    void shreds(ProcessKey who)
    {
        std::uint64_t seed = 1;
        scene.until_stopped(papers, [&](auto const& path) { scene.spoils(who, path, ciphertext(seed++)); });
        ASSERT_TRUE(scene.stopped());
    }
    bool belongs(ProcessKey who) const
    {
        auto const& errands = scene.decision->incident.errands;
        return std::ranges::find(errands, who, &event::Errand::process) != errands.end();
    }

    Scene scene;
    std::vector<std::string> papers;
    std::vector<std::string> project;
};

TEST_F(PastErrandsTest, BackupsThatAreDeletedFirstBelongToTheAttack)
{
    scene.folder("/srv/backup");
    auto const packs = scene.files("/srv/backup/data", 12, ciphertext, "");
    auto const snapshots = scene.files("/srv/backup/snapshots", 3, ciphertext, "");
    auto const script = scene.run("bash attack.sh");
    auto const subshell = scene.run_below(script, "bash attack.sh");
    auto const list = scene.run_below(subshell, "restic snapshots");
    scene.begins(list, "/srv/backup/lock");
    scene.deletes(list, "/srv/backup/lock");
    scene.ends(list);
    scene.ends(subshell);
    auto const restic = scene.run_below(script, "restic forget -r backup --prune 1 2");
    scene.folder("/srv/backup/index");
    auto const began = scene.now;
    scene.creates(restic, "/srv/backup/index/1", ciphertext(1'000));
    scene.deletes(restic, snapshots[0]);
    scene.deletes(restic, snapshots[1]);
    for (std::size_t i = 0; i < 8; ++i)
        scene.deletes(restic, packs[i]);
    scene.ends(restic);
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    auto const ended = scene.now;
    scene.passes(minutes(5));
    for (int n = 0; n < 160; ++n) // more than three seconds, in ticks
        scene.ends(scene.run_below(script, "true"));
    shreds(scene.run_below(script, "shred -n1"));
    ASSERT_TRUE(belongs(restic));
    EXPECT_TRUE(belongs(list)) << "it is the script's step before";
    auto const& errand = scene.decision->incident.errands.front();
    EXPECT_GE(errand.since, began);
    EXPECT_LE(errand.until, ended);
    EXPECT_FALSE(scene.verdict.incident_of(restic)) << "it is not condemned for that";
    EXPECT_EQ("errands", scene.decision->findings.back().signal);
}

TEST_F(PastErrandsTest, ByTheDestroyerItselfToo)
{
    auto const destroyer = scene.run("python3 wipe.py project");
    removes_project(destroyer);
    scene.passes(minutes(30));
    shreds(destroyer);
    EXPECT_TRUE(belongs(destroyer));
}

TEST_F(PastErrandsTest, AlsoWhereTheProcessIsLongForgotten)
{
    auto const rm = removes_project_below(scene.shell);
    scene.passes(minutes(50));
    scene.ends(scene.run("true")); // others end meanwhile
    ASSERT_EQ(nullptr, scene.tree.find(rm));
    shreds(scene.run("shred -n1"));
    EXPECT_TRUE(belongs(rm));
    auto const& incident = scene.decision->incident;
    EXPECT_EQ(project.size(), incident.objects_deleted);
}

TEST_F(PastErrandsTest, ButNotWhereItIsMoreThanAnHourAgo)
{
    auto const rm = removes_project_below(scene.shell);
    scene.passes(minutes(61));
    shreds(scene.run("shred -n1"));
    EXPECT_FALSE(belongs(rm));
}

TEST_F(PastErrandsTest, NorOfAnotherLogin)
{
    auto const other = scene.process({}, "/usr/bin/bash", "-bash");
    auto const rm = removes_project_below(other);
    shreds(scene.run_below(scene.shell, "shred -n1"));
    EXPECT_FALSE(belongs(rm));
}

TEST_F(PastErrandsTest, NorOfAnotherClientOfTheSameServer)
{
    for (auto const* name : {"smbd", "imapd"}) {
        Scene fresh;
        auto const files = fresh.files("/srv/docs", 400, text, ".txt");
        fresh.folder("/srv/.recycle");
        auto const thrown = fresh.files("/srv/.recycle/old", 10, text, ".txt");
        auto const server = fresh.run(name);
        for (int n = 0; n < 70'000; ++n) // ticks: that it has long been there
            (void)fresh.run("true");
        auto const honest = fresh.run_below(server, name);
        auto const destroyer = fresh.run_below(server, name);
        for (auto const& path : thrown)
            fresh.deletes(honest, path);
        std::uint64_t seed = 1;
        fresh.until_stopped(
            files, [&](auto const& path) { fresh.spoils(destroyer, path, ciphertext(seed++)); });
        ASSERT_TRUE(fresh.stopped());
        EXPECT_TRUE(fresh.decision->incident.errands.empty()) << name;
    }
}

TEST_F(PastErrandsTest, NorWhatAPersonHasLetPass)
{
    auto const rm = removes_project_below(scene.shell);
    shreds(scene.run("shred -n1"));
    ASSERT_TRUE(belongs(rm));
    scene.verdict.release(scene.decision->incident.id);
    scene.decision.reset();
    papers = scene.files("/srv/more", 100, text, ".txt");
    shreds(scene.run("openssl enc"));
    EXPECT_FALSE(belongs(rm));
}

} // namespace
} // namespace tocsin::verdict
