// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/descent.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"
#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

using event::ProcessKey;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr std::uint64_t ticks(int seconds)
{
    return static_cast<std::uint64_t>(seconds) * 100;
}

// Seconds after the machine was started: the attacker at 1, the incident at 10.
constexpr ProcessKey earlier_child{150, ticks(5)};
constexpr ProcessKey child{101, ticks(20)};
constexpr ProcessKey grandchild{102, ticks(30)};

event::Process process(ProcessKey key, ProcessKey parent)
{
    event::Process out;
    out.key = key;
    out.parent = parent;
    out.session = 1;
    out.cgroup_id = 1;
    return out;
}

class Descent : public testing::TestWithParam<JournalIn> {
protected:
    Descent()
    {
        scene.given("report.docx", "report");
        scene.given("plans/2024.txt", "plan of 2024");
        scene.protect();
        tell(process(attacker, {1, 0}));
        tell(process(alice, {1, 0}));
        tell(process(earlier_child, attacker));
        tell(process(child, attacker));
        tell(process(grandchild, child));
        tell(process({201, ticks(40)}, alice));
    }

    void tell(event::Record record) { ASSERT_OK(scene.journal().append(std::span(&record, 1))); }

    void act(event::ActionKind kind, int seconds)
    {
        event::Action action;
        action.incident = the_incident;
        action.kind = kind;
        action.time = boot_time() + std::chrono::seconds(seconds);
        tell(action);
    }

    std::vector<ProcessKey> actor_of(event::Incident incident)
    {
        EXPECT_OK(add_descendants(scene.journal(), incident));
        return incident.actor.processes;
    }

    event::Incident incident_of(event::ActorKind kind, std::vector<ProcessKey> processes)
    {
        scene.open_incident(kind, std::move(processes));
        auto out = *scene.journal().incident(the_incident).take();
        out.score = 1;
        out.opened = boot_time() + std::chrono::seconds(10);
        return out;
    }

    Scene scene{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Journals, Descent, testing::Values(JournalIn::memory, JournalIn::file));

TEST_P(Descent, AddsWhomTheActorHasStartedSinceDirectlyOrNot)
{
    EXPECT_THAT(actor_of(incident_of(event::ActorKind::process_tree, {attacker})),
        UnorderedElementsAre(attacker, child, grandchild));
}

TEST_P(Descent, LeavesToAnotherIncidentWhomItNamesAndWhomTheyStarted)
{
    event::Incident other;
    other.id = {9};
    other.actor.processes = {child};
    tell(other);
    EXPECT_THAT(actor_of(incident_of(event::ActorKind::process_tree, {attacker})), ElementsAre(attacker));
}

TEST_P(Descent, LeavesOutWhomAnotherSessionAndCgroupHas)
{
    auto apart = process(child, attacker);
    apart.session = 2;
    apart.cgroup_id = 2;
    tell(apart);
    EXPECT_THAT(actor_of(incident_of(event::ActorKind::process_tree, {attacker})), ElementsAre(attacker));
}

TEST_P(Descent, LeavesOutWhomAReleasedActorStartedUntilItIsStopped)
{
    auto incident = incident_of(event::ActorKind::process_tree, {attacker});
    act(event::ActionKind::thaw, 25);
    EXPECT_THAT(actor_of(incident), ElementsAre(attacker, child));
    act(event::ActionKind::kill, 50);
    EXPECT_THAT(actor_of(incident), ElementsAre(attacker, child, grandchild));
}

TEST_P(Descent, AddsNobodyToAFindingTooWeakToActOn)
{
    auto incident = incident_of(event::ActorKind::process_tree, {attacker});
    incident.score = 0;
    EXPECT_THAT(actor_of(incident), ElementsAre(attacker));
}

TEST_P(Descent, AddsNobodyToAnUnknownActor)
{
    EXPECT_THAT(actor_of(incident_of(event::ActorKind::unknown, {ProcessKey{}})), ElementsAre(ProcessKey{}));
}

TEST_P(Descent, IsTakenBackByASecondUndoOfAnActorThatWentOn)
{
    tell(incident_of(event::ActorKind::process_tree, {attacker}));
    auto before = scene.snapshot();
    scene.write(attacker, "report.docx", "encrypted");
    EXPECT_EQ(1U, scene.undo().counts.restored);
    scene.write(grandchild, "plans/2024.txt", "encrypted");
    scene.remove(child, "report.docx");
    auto report = scene.undo();
    EXPECT_EQ(1U, report.counts.restored);
    EXPECT_EQ(1U, report.counts.recreated);
    EXPECT_EQ(before, scene.snapshot());
}

} // namespace
} // namespace tocsin::undo
