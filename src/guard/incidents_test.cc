// SPDX-License-Identifier: Apache-2.0
// Who is held, stopped and let go together with an actor. Its processes have numbers that no process can have.
#include "tocsin/guard/incidents.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/capture/testing/pool.h"
#include "tocsin/respond/at_work.h"
#include "tocsin/respond/testing/process_tree.h"

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;
using event::IncidentState;
using event::ProcessKey;

// Notes who was ever condemned or pardoned.
class NotingGate final : public sensor::CondemnedGate {
public:
    NotingGate(std::vector<ProcessKey>& condemned, std::vector<ProcessKey>& pardoned)
        : condemned_(condemned), pardoned_(pardoned)
    {
    }
    Result<void> protect(int) override { return {}; }
    void unprotect(int) override { }
    Result<void> condemn(ProcessKey process) override
    {
        condemned_.push_back(process);
        return {};
    }
    void forget(ProcessKey) override { }
    void pardon(std::span<ProcessKey const> processes) override
    {
        pardoned_.insert(pardoned_.end(), processes.begin(), processes.end());
    }
    std::uint64_t denials() const override { return 0; }
    std::uint64_t missed() const override { return 0; }

private:
    std::vector<ProcessKey>& condemned_;
    std::vector<ProcessKey>& pardoned_;
};

class IncidentsTest : public capture::PoolFixture {
protected:
    IncidentsTest()
    {
        start(dir_.path());
        make(dir_ / "file", "content").reset();
        keeper_.emplace(*pool_, deadlines_, opens_, sensor::Heartbeat{});
        responder_ = Responder::create(respond::Policy::freeze, respond::NeverCut::of({}).take()).take();
        responder_->connect(
            *keeper_, denial_, [this](event::Action const& done) { outcomes_.push_back(done.outcome); },
            [](event::IncidentId, sensor::RemoteClient const&) {});
        incidents_.emplace(Incidents::Parts{verdict_, processes_, book_, *responder_, batch_, executables_});
    }
    ~IncidentsTest() override { responder_->stop(); }

    // As the deciding thread hears of it.
    void fork(ProcessKey parent, ProcessKey child)
    {
        event::Process born;
        born.key = child;
        born.parent = parent;
        incidents_->born(born);
        processes_.apply(born);
    }
    void hold(ProcessKey top)
    {
        recall(top, IncidentState::held);
        incidents_->resume(WallTime{});
    }
    void recall(ProcessKey top, IncidentState state, event::IncidentId id = {1}, double score = 1)
    {
        event::Incident incident;
        incident.id = id;
        incident.opened = wall_now();
        incident.state = state;
        incident.score = score;
        incident.actor.top = top;
        incident.actor.processes = {top};
        incidents_->recall(incident);
    }
    void escalate(ProcessKey top)
    {
        verdict::Decision decision;
        decision.incident.id = {1};
        decision.incident.state = IncidentState::contained;
        decision.incident.actor.processes = {top};
        incidents_->open(decision);
    }
    sensor::Ruling ruling_for(ProcessKey process)
    {
        auto const fd = sys::open(dir_ / "file", O_RDONLY).take();
        keeper_->excluded(number_of(fd)); // else it would wait for its capture
        return keeper_->rule_open(fd.get(), process.pid);
    }
    static capture::ObjectNumber number_of(UniqueFd const& fd)
    {
        auto const status = sys::stat_fd(fd.get()).take();
        return {sys::device_of(status), status.stx_ino};
    }

    // A process that was frozen as one of a contained incident.
    void freeze(ProcessKey process)
    {
        processes_.apply({.key = process});
        recall(process, IncidentState::contained);
        incidents_->resume(WallTime{});
        EXPECT_TRUE(responder_->wait_until_done(5s));
    }
    bool is_at_work(ProcessKey process) const { return respond::is_at_work(proc_, process); }

    proc::ProcDir const proc_ = proc::ProcDir::open().take();
    test::TempDir dir_;
    std::vector<std::string> outcomes_; // of actions; the responder's until it is done
    OpenLog opens_;
    sensor::DeadlineWatch deadlines_{1h};
    std::optional<Keeper> keeper_;
    Trees trees_;
    std::vector<ProcessKey> condemned_;
    std::vector<ProcessKey> pardoned_;
    Denial denial_{
        {std::unique_ptr<sensor::CondemnedGate>(std::make_unique<NotingGate>(condemned_, pardoned_)),
            Error(Errc::unsupported, "no programs here")},
        trees_};
    catalog::Catalog catalog_;
    verdict::ProcessTree processes_{{1, 0}};
    verdict::Verdict verdict_{catalog_, processes_, verdict::Settings{}};
    Recording recording_;
    ProcessBook book_{processes_, recording_};
    Recorder recorder_{journal::Journal::open(dir_ / "journal.db", journal::Access::read_write).take()};
    Batch batch_{recorder_};
    Executables executables_{[](event::Executable const&) { }};
    std::unique_ptr<Responder> responder_;
    std::optional<Incidents> incidents_;

    ProcessKey const top_{5'000'001, 100};
    ProcessKey const between_{5'000'002, 200};
    ProcessKey const child_{5'000'003, 300};
};

TEST_F(IncidentsTest, LetsGoWhatAHeldActorHasStartedWhoseParentHasEnded)
{
    processes_.apply({.key = top_});
    hold(top_);
    fork(top_, between_);
    fork(between_, child_);
    processes_.exited(between_, wall_now());
    ASSERT_EQ(sensor::Ruling::hold, ruling_for(child_));
    ASSERT_OK(incidents_->release({1}, "somebody"));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(sensor::Ruling::allow, ruling_for(top_));
    EXPECT_EQ(sensor::Ruling::allow, ruling_for(child_));
}

TEST_F(IncidentsTest, StopsWhatAHeldActorHasStartedWhoseParentHasEnded)
{
    processes_.apply({.key = top_});
    hold(top_);
    fork(top_, between_);
    fork(between_, child_);
    processes_.exited(between_, wall_now());
    escalate(top_);
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_NE(condemned_.end(), std::ranges::find(condemned_, child_));
}

TEST_F(IncidentsTest, HoldsAfterARestartWhoseWorkWasUndoneWhileItWasHeld)
{
    processes_.apply({.key = top_});
    recall(top_, IncidentState::undone);
    incidents_->recall_undone({1}, IncidentState::held);
    incidents_->resume(WallTime{});
    EXPECT_EQ(sensor::Ruling::hold, ruling_for(top_));
    EXPECT_TRUE(condemned_.empty()) << "it is asked about, and not stopped";
}

TEST_F(IncidentsTest, PardonsNobodyBecauseAStoppedProcessHasEnded)
{
    processes_.apply({.key = top_});
    hold(top_);
    escalate(top_);
    EXPECT_TRUE(responder_->wait_until_done(5s)); // its processes are gone
    EXPECT_TRUE(pardoned_.empty()) << "what they made may be at work";
}

TEST_F(IncidentsTest, AReleaseOfWhatWasOnlySeenPardonsNothing)
{
    processes_.apply({.key = top_});
    recall(top_, IncidentState::observed, {1}, 0); // it read, and sent
    ASSERT_OK(incidents_->release({1}, "somebody"));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(0U, processes_.find(top_)->pardoned) << "what it destroys from now on is another matter";
}

TEST_F(IncidentsTest, LetsNobodyGoWhomAnotherIncidentHolds)
{
    processes_.apply({.key = top_});
    recall(top_, IncidentState::observed, {2}, 0);
    hold(top_);
    ASSERT_EQ(sensor::Ruling::hold, ruling_for(top_));
    ASSERT_OK(incidents_->release({2}, "somebody"));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(sensor::Ruling::hold, ruling_for(top_));
    ASSERT_OK(incidents_->release({1}, "somebody"));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(sensor::Ruling::allow, ruling_for(top_));
}

TEST_F(IncidentsTest, StopsAgainWhomSomebodyHasContinued)
{
    respond::ProcessTree const destroyer(respond::ProcessTree::work);
    freeze(destroyer.top());
    ::kill(destroyer.pid(), SIGCONT);
    ASSERT_TRUE(is_at_work(destroyer.top()));
    incidents_->acts(destroyer.top());
    EXPECT_FALSE(is_at_work(destroyer.top()));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    ASSERT_EQ(2U, outcomes_.size());
    EXPECT_EQ(
        fmt::format("process {} went on; SIGSTOP to 1 process again", destroyer.pid()), outcomes_.back());
}

TEST_F(IncidentsTest, TellsOfOneWhoGoesOnWithoutEndOnceASecond)
{
    respond::ProcessTree const destroyer(respond::ProcessTree::work);
    freeze(destroyer.top());
    for (int i = 0; i < 5; ++i) {
        ::kill(destroyer.pid(), SIGCONT);
        incidents_->acts(destroyer.top());
        EXPECT_FALSE(is_at_work(destroyer.top()));
    }
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(2U, outcomes_.size());
}

TEST_F(IncidentsTest, DoesNotTakeWhatWasDoneBeforeTheFreezeForGoingOn)
{
    respond::ProcessTree const destroyer(respond::ProcessTree::work);
    freeze(destroyer.top());
    incidents_->acts(destroyer.top());
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(1U, outcomes_.size());
}

TEST_F(IncidentsTest, LetsGoOnWhomAPersonHasReleased)
{
    respond::ProcessTree const destroyer(respond::ProcessTree::work);
    freeze(destroyer.top());
    ASSERT_OK(incidents_->release({1}, "somebody"));
    EXPECT_TRUE(responder_->wait_until_done(5s));
    incidents_->acts(destroyer.top());
    EXPECT_TRUE(is_at_work(destroyer.top()));
}

TEST_F(IncidentsTest, StopsNobodyAgainWhomItIsEnding)
{
    respond::ProcessTree const destroyer(respond::ProcessTree::work);
    freeze(destroyer.top());
    ASSERT_OK(incidents_->stop({1}, "somebody"));
    ::kill(destroyer.pid(), SIGCONT); // whether it comes before the end or after it
    incidents_->acts(destroyer.top());
    EXPECT_TRUE(responder_->wait_until_done(5s));
    EXPECT_EQ(2U, outcomes_.size()) << "the freeze and the end";
}

} // namespace
} // namespace tocsin::guard
