// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/test.h"
#include "tocsin/respond/plan.h"

namespace tocsin::respond {
namespace {

using enum event::ActionKind;
using Actions = std::vector<event::ActionKind>;

event::Incident incident_of(double score)
{
    event::Incident out;
    out.score = score;
    out.actor.top = {100, 5};
    return out;
}

TEST(Plan, DoesNothingBelowTheThreshold)
{
    EXPECT_EQ(Actions{}, plan(incident_of(0.99), Policy::stop));
}

TEST(Plan, FollowsThePolicyAtTheThreshold)
{
    EXPECT_EQ(Actions{}, plan(incident_of(1), Policy::observe));
    EXPECT_EQ((Actions{deny, freeze, cut}), plan(incident_of(1), Policy::freeze));
    EXPECT_EQ((Actions{deny, freeze, cut, event::ActionKind::kill}), plan(incident_of(1), Policy::stop));
}

TEST(Plan, DoesNotRepeatWhatIsDone)
{
    auto incident = incident_of(2);
    incident.state = event::IncidentState::contained;
    EXPECT_EQ(Actions{}, plan(incident, Policy::freeze));
    EXPECT_EQ(Actions{event::ActionKind::kill}, plan(incident, Policy::stop));
}

TEST(Plan, FreezesWhatWasOnlyHeld)
{
    auto incident = incident_of(1);
    incident.state = event::IncidentState::held;
    EXPECT_EQ((Actions{deny, freeze, cut}), plan(incident, Policy::freeze));
}

TEST(Plan, LeavesADecisionToThePersonWhoMadeIt)
{
    for (auto state : {event::IncidentState::released, event::IncidentState::stopped,
             event::IncidentState::undone, event::IncidentState::closed}) {
        auto incident = incident_of(5);
        incident.state = state;
        EXPECT_EQ(Actions{}, plan(incident, Policy::stop)) << name_of(state);
    }
}

TEST(Plan, HasNothingToStopWhereNobodyIsKnown)
{
    auto absent = incident_of(1);
    absent.actor.kind = event::ActorKind::unknown;
    EXPECT_EQ(Actions{}, plan(absent, Policy::freeze));
    auto empty = incident_of(1);
    empty.actor.top = {};
    EXPECT_EQ(Actions{}, plan(empty, Policy::freeze));
    empty.actor.processes = {{100, 5}};
    EXPECT_EQ((Actions{deny, freeze, cut}), plan(empty, Policy::freeze));
}

TEST(PlanPolicy, IsKnownByItsWord)
{
    EXPECT_EQ(Policy::stop, policy_named("stop").take());
    EXPECT_EQ("observe", name_of(policy_named("observe").take()));
    EXPECT_ERRC(Errc::invalid, policy_named("Freeze"));
}

} // namespace
} // namespace tocsin::respond
