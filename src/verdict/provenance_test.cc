// SPDX-License-Identifier: Apache-2.0
// Whose is a file that appeared while no guard ran.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

class AppearedTest : public ::testing::Test {
protected:
    AppearedTest() : spooler(scene.run("python3 spooler.py"))
    {
        scene.folder("/srv/spool");
        for (std::uint64_t i = 10; i < 60; ++i) {
            paths.push_back("/srv/spool/job" + std::to_string(i));
            scene.appears(paths.back(), text(i), spooler);
        }
    }
    std::size_t deleted_before_a_stop(ProcessKey who)
    {
        return scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); });
    }

    Scene scene;
    ProcessKey spooler; // ran when they appeared
    std::vector<std::string> paths;
};

constexpr std::size_t nobody_was_stopped = SIZE_MAX;
constexpr std::size_t as_soon_as_others_files = 8;

TEST_F(AppearedTest, MayBeRemovedByWhoRanThen)
{
    EXPECT_EQ(nobody_was_stopped, deleted_before_a_stop(spooler));
}

TEST_F(AppearedTest, MayBeRemovedByWhatItStarts)
{
    EXPECT_EQ(nobody_was_stopped, deleted_before_a_stop(scene.run_below(spooler, "rm")));
}

TEST_F(AppearedTest, IsSomebodyElsesForWhoStartedSince)
{
    auto const session = scene.process({}, "/usr/sbin/sshd", "sshd: newer");
    EXPECT_GE(as_soon_as_others_files, deleted_before_a_stop(scene.run_below(session, "rm")));
}

TEST_F(AppearedTest, IsSomebodyElsesForANewWorkerOfAnOldServerOfAnotherUser)
{
    auto server = scene.tree.find(scene.shell)->process; // older than the spooler
    server.uid = 0;
    scene.tree.apply(server);
    EXPECT_GE(as_soon_as_others_files, deleted_before_a_stop(scene.run("worker")));
}

TEST_F(AppearedTest, IsSomebodyElsesAfterAWhile)
{
    scene.passes(std::chrono::hours(2));
    EXPECT_GE(as_soon_as_others_files, deleted_before_a_stop(spooler));
}

TEST_F(AppearedTest, IsSomebodyElsesForAnotherUser)
{
    auto other = scene.tree.find(spooler)->process;
    other.uid = 1001;
    scene.tree.apply(other);
    EXPECT_GE(as_soon_as_others_files, deleted_before_a_stop(spooler));
}

} // namespace
} // namespace tocsin::verdict
