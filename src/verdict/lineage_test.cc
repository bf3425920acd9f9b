// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {
namespace {

class LineageTest : public testing::Test {
protected:
    event::ProcessKey born(std::int32_t pid, std::int32_t parent, std::string executable)
    {
        event::Process p;
        p.key = {pid, 1};
        p.parent = {parent, 1};
        p.executable = std::move(executable);
        tree.apply(p);
        return p.key;
    }
    ProcessTree tree{{50, 1}};
    WallTime now = from_nanoseconds(1'000'000'000'000'000);
};

TEST_F(LineageTest, KeepsTheParentOfBirthWhenItEnds)
{
    born(100, 1, "/bin/a");
    born(101, 100, "/bin/b");
    auto const child = born(102, 101, "/bin/c");
    tree.exited({101, 1}, now);
    tree.exited({100, 1}, now);
    EXPECT_EQ((std::vector<event::ProcessKey>{{101, 1}, {100, 1}}), tree.ancestors(child));
    EXPECT_EQ(3U, tree.subtree({100, 1}).size());
}

TEST_F(LineageTest, AnExecChangesTheCommandAndNotTheParent)
{
    born(100, 1, "/bin/sh");
    born(101, 100, "/bin/sh");
    born(101, 1, "/bin/rm");
    EXPECT_EQ("/bin/rm", tree.find({101, 1})->process.executable);
    EXPECT_EQ((std::vector<event::ProcessKey>{{100, 1}}), tree.ancestors({101, 1}));
}

TEST_F(LineageTest, EndsBelowInitAndBelowTheGuard)
{
    born(50, 1, "/bin/guard");
    EXPECT_TRUE(tree.ancestors(born(100, 1, "/bin/a")).empty());
    EXPECT_TRUE(tree.ancestors(born(101, 50, "/bin/b")).empty());
}

TEST_F(LineageTest, EndsWhereSessionAndCgroupChangeTogether)
{
    event::Process starter;
    starter.key = {100, 1};
    starter.session = 100;
    starter.cgroup_id = 5;
    tree.apply(starter);
    event::Process login;
    login.key = {101, 1};
    login.parent = starter.key;
    login.session = 101;
    login.cgroup_id = 6;
    tree.apply(login);
    EXPECT_TRUE(tree.ancestors(login.key).empty());
    login.key = {102, 1};
    login.cgroup_id = 5;
    tree.apply(login);
    EXPECT_EQ(1U, tree.ancestors(login.key).size());
}

TEST_F(LineageTest, RefusesARing)
{
    born(100, 101, "/bin/a");
    born(101, 100, "/bin/b");
    EXPECT_LE(tree.ancestors({100, 1}).size(), 1U);
}

TEST_F(LineageTest, ForgetsTheEndedAfterTenMinutes)
{
    born(100, 1, "/bin/a");
    born(101, 100, "/bin/b");
    tree.exited({100, 1}, now);
    tree.exited({101, 1}, now);
    born(200, 1, "/bin/c");
    tree.exited({200, 1}, now + std::chrono::minutes(11));
    EXPECT_EQ(nullptr, tree.find({101, 1}));
    EXPECT_EQ(nullptr, tree.find({100, 1}));
}

TEST_F(LineageTest, TellsWhoWasBornAfterAnothersEnd)
{
    auto const first = born(100, 1, "/bin/a");
    auto const beside = born(101, 1, "/bin/a");
    tree.exited(first, now);
    auto const later = born(102, 1, "/bin/a");
    EXPECT_TRUE(tree.was_born_after(later, first));
    EXPECT_FALSE(tree.was_born_after(beside, first));
    EXPECT_FALSE(tree.was_born_after(later, beside)) << "it still runs";
    EXPECT_FALSE(tree.was_born_after(later, later));
    EXPECT_TRUE(tree.was_born_after(later, {99, 1})) << "long forgotten";
    EXPECT_FALSE(tree.was_born_after({99, 1}, first)) << "nothing is known of it";
}

TEST_F(LineageTest, KeepsTheEndedWhileADescendantRuns)
{
    born(100, 1, "/bin/a");
    auto const child = born(101, 100, "/bin/b");
    tree.exited({100, 1}, now);
    born(200, 1, "/bin/c");
    tree.exited({200, 1}, now + std::chrono::hours(1));
    EXPECT_EQ(1U, tree.ancestors(child).size());
}

TEST_F(LineageTest, HoldsItsBoundWhenNobodyTellsOfEnds)
{
    for (std::int32_t pid = 1000; pid < 102'000; ++pid)
        born(pid, 1, "/bin/a");
    EXPECT_LE(tree.size(), 100'016U);
}

TEST_F(LineageTest, KnowsAnotherInstanceOfTheProgramThatMadeSomething)
{
    born(100, 1, "/usr/bin/make");
    auto const compiler = born(101, 100, "/usr/bin/cc");
    born(200, 1, "/usr/bin/make");
    born(201, 200, "/bin/sh");
    auto const rm = born(202, 201, "/usr/bin/rm");
    auto const maker = tree.maker_of(compiler);
    EXPECT_TRUE(tree.same_program(maker, compiler, *tree.find(rm)));
    auto const own = born(102, 100, "/usr/bin/rm");
    EXPECT_FALSE(tree.same_program(maker, compiler, *tree.find(own)));
}

TEST(StandIn, IsToldByItsNameWithoutVersion)
{
    EXPECT_TRUE(is_stand_in("/usr/bin/python3.11"));
    EXPECT_TRUE(is_stand_in("/bin/sh"));
    EXPECT_FALSE(is_stand_in("/usr/bin/git"));
    EXPECT_FALSE(is_stand_in("/usr/bin/rsync"));
}

} // namespace
} // namespace tocsin::verdict
