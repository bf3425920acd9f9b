// SPDX-License-Identifier: Apache-2.0
// Servers with a process for each of their clients.
#include <algorithm>
#include <array>
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using namespace std::chrono_literals;

class SessionsTest : public ::testing::Test {
protected:
    Scene scene;
};

TEST_F(SessionsTest, ByManySessionsOfAServerIsTheirsAndNotTheServers)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const server = scene.run("smbd");
    std::vector<event::ProcessKey> sessions;
    for (int i = 0; i < 6; ++i)
        sessions.push_back(scene.run_below(server, "smbd"));
    auto const honest = scene.run_below(server, "smbd");
    scene.creates(honest, "/srv/docs/letter.txt", text(1));
    std::size_t turn = 0;
    scene.until_stopped(
        paths, [&](auto const& path) { scene.deletes(sessions[turn++ % sessions.size()], path); });
    ASSERT_TRUE(scene.stopped());
    EXPECT_FALSE(scene.verdict.incident_of(server));
    EXPECT_FALSE(scene.verdict.incident_of(honest));
    for (auto const& process : scene.decision->incident.actor.processes)
        EXPECT_TRUE(std::ranges::find(sessions, process) != sessions.end());
}

TEST_F(SessionsTest, ByASessionForEachFileIsTheServers)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const server = scene.run("smbd");
    scene.until_stopped(paths, [&](auto const& path) {
        auto const session = scene.run_below(server, "smbd");
        scene.deletes(session, path);
        scene.ends(session);
    });
    EXPECT_TRUE(scene.stopped());
}

TEST_F(SessionsTest, WhatClientsDoAgainAndAgainIsNeitherTheServersNorWhoStartedIt)
{
    auto const starter = scene.run("python3 run.py");
    auto const server = scene.run_below(starter, "smbd");
    for (int i = 0; i < 40; ++i) {
        auto const paths = scene.files("/srv/docs" + std::to_string(i), 60, text, ".txt");
        std::array const sessions{scene.run_below(server, "smbd"), scene.run_below(server, "smbd")};
        std::size_t turn = 0;
        scene.decision.reset();
        scene.until_stopped(paths, [&](auto const& path) { scene.deletes(sessions[turn++ % 2], path); });
        ASSERT_TRUE(scene.verdict.incident_of(sessions[0])) << i;
        ASSERT_FALSE(scene.verdict.incident_of(server)) << i;
        ASSERT_FALSE(scene.verdict.incident_of(starter)) << i;
        scene.now += 1min;
    }
}

TEST_F(SessionsTest, WhoOnlyHasAServersNameIsNone)
{
    auto const starter = scene.run("python3 run.py");
    auto const fake = scene.process(starter, "/tmp/sshd", "sshd");
    for (int i = 0; i < 40 && !scene.verdict.incident_of(starter); ++i) {
        auto const paths = scene.files("/srv/docs" + std::to_string(i), 60, text, ".txt");
        auto const child = scene.process(fake, "/tmp/wipe", "wipe");
        scene.decision.reset();
        scene.until_stopped(paths, [&](auto const& path) { scene.deletes(child, path); });
    }
    EXPECT_TRUE(scene.verdict.incident_of(fake) || scene.verdict.incident_of(starter));
}

TEST_F(SessionsTest, AnotherSessionOfTheSameClientMayJoinItsIncident)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const second = scene.run("smbd");
    scene.deletes(second, paths[90]);
    auto const first = scene.run("smbd");
    scene.until_stopped(paths, [&](auto const& path) { scene.deletes(first, path); });
    auto const incident = scene.decision->incident;
    scene.verdict.join(incident.id, second, scene.now);
    EXPECT_EQ(incident.id, scene.verdict.incident_of(second));
    auto const changed = scene.verdict.take_changed();
    ASSERT_EQ(1U, changed.size());
    EXPECT_EQ(incident.objects_deleted + 1, changed[0].objects_deleted);
    EXPECT_EQ((std::vector{first, second}), changed[0].actor.processes);
    scene.verdict.release(incident.id);
    EXPECT_FALSE(scene.verdict.incident_of(second));
}

} // namespace
} // namespace tocsin::verdict
