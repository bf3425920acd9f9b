// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/descent.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"
#include "tocsin/undo/scene.h"

namespace tocsin::undo {
namespace {

using event::ProcessKey;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

event::Process process(ProcessKey key, ProcessKey parent)
{
    event::Process out;
    out.key = key;
    out.parent = parent;
    return out;
}

constexpr ProcessKey child{101, 5};
constexpr ProcessKey grandchild{102, 6};

class Descent : public testing::TestWithParam<JournalIn> {
protected:
    Descent()
    {
        scene.given("report.docx", "report");
        scene.given("plans/2024.txt", "plan of 2024");
        scene.protect();
        tell(process(attacker, {1, 0}));
        tell(process(alice, {1, 0}));
        tell(process(child, attacker));
        tell(process(grandchild, child));
        tell(process({201, 7}, alice));
    }

    void tell(event::Record record) { ASSERT_OK(scene.journal().append(std::span(&record, 1))); }

    std::vector<ProcessKey> actor_of(event::Incident incident)
    {
        EXPECT_OK(add_descendants(scene.journal(), incident));
        return incident.actor.processes;
    }

    event::Incident incident_of(event::ActorKind kind, std::vector<ProcessKey> processes)
    {
        scene.open_incident(kind, std::move(processes));
        return *scene.journal().incident(the_incident).take();
    }

    Scene scene{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Journals, Descent, testing::Values(JournalIn::memory, JournalIn::file));

TEST_P(Descent, AddsWhomTheActorHasStartedDirectlyOrNot)
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

TEST_P(Descent, AddsNobodyToAnUnknownActor)
{
    EXPECT_THAT(actor_of(incident_of(event::ActorKind::unknown, {ProcessKey{}})), ElementsAre(ProcessKey{}));
}

TEST_P(Descent, IsTakenBackByASecondUndoOfAnActorThatWentOn)
{
    scene.open_incident(event::ActorKind::process_tree, {attacker});
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
