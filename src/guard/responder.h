// SPDX-License-Identifier: Apache-2.0
// guard/responder.h -- carries out what was decided about an actor, in two steps.
//
// The first step belongs to the deciding thread: stop the processes that are known, deny their
// opens. The second has a thread of its own, since it looks through all of /proc: it goes on
// until nothing of the actor runs, and says so. The same thread finds the remote clients that an actor works for,
// cuts them off, and admits them again.
// Threads: halt(), contain(), contain_child(), stop_again() and contain_again() in the deciding thread; the others from any.
// Bounds: 10,000 tasks wait; what comes then is not carried out. One is carried out after the other: of an incident
// up to 64 sessions are cut, each of which may wait for nft (5 s) and for its smbd (2 s), and whatever is to be frozen
// thoroughly, released or killed later waits behind them. The first step does not.
// Errors: of create() alone; of what was to be done it is told in the action's outcome.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "tocsin/base/mailbox.h"
#include "tocsin/guard/denial.h"
#include "tocsin/guard/keeper.h"
#include "tocsin/respond/act.h"
#include "tocsin/respond/never_cut.h"
#include "tocsin/respond/plan.h"
#include "tocsin/respond/session_cut.h"
#include "tocsin/respond/stopped_parents.h"
#include "tocsin/sensor/proc/remote_client.h"

namespace tocsin::guard {

class Responder {
public:
    // What was done, told from the responder's thread.
    using Done = std::function<void(event::Action)>;
    // From where an incident's actor works, likewise.
    using Found = std::function<void(event::IncidentId, sensor::RemoteClient)>;

    static Result<std::unique_ptr<Responder>> create(respond::Policy policy, respond::NeverCut never_cut);
    ~Responder();

    // Borrowed; before anything else. Opens are denied through the one, all other changes through the other.
    void connect(Keeper& keeper, Denial& denial, Done done, Found found);

    respond::Policy policy() const { return policy_; }

    // Stops one process and nothing else, as a first blow. Does nothing under `observe`.
    void halt(event::ProcessKey process);
    // Those that are known to run at once, then all of them and what they made, thoroughly.
    void contain(event::IncidentId id, std::span<event::ProcessKey const> running,
        std::vector<event::ProcessKey> processes);
    // Opens of protected files by these wait for a person; nothing is frozen. Does nothing under `observe`.
    void hold(event::IncidentId id, std::span<event::ProcessKey const> running);
    void hold_child(event::ProcessKey process); // that a held actor has just made
    // A process that a contained actor has just made: stopped at once.
    void contain_child(event::ProcessKey process);
    // One of a contained actor has changed something: it is stopped at once where somebody has continued it, unless
    // a cut has let it go on to its end. Whether it was so.
    bool stop_again(event::ProcessKey process);
    // Then the others as well, thoroughly; the action says who went on.
    void contain_again(event::IncidentId id, event::ProcessKey went_on,
        std::span<event::ProcessKey const> running, std::vector<event::ProcessKey> processes);
    // Its number means nobody any more, or somebody else: opens by it are denied no longer.
    void ended(pid_t process);
    // `again`: what a person asks for now would not be carried out. Only the deciding thread asks for more.
    Result<void> has_room() const;
    void release(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string by);
    // Whether it will be carried out.
    bool kill(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string by);
    // Of an actor's top and those that it comes from, nearest first: whose client it is, if anybody's.
    enum class OnceFound { name, cut };
    // Where it is cut off, so are the clients of the incident's other processes.
    void look_for_client(event::IncidentId id, std::vector<event::ProcessKey> line,
        std::vector<event::ProcessKey> processes, OnceFound then);
    // After a start: the block of a cut is there again, if it has gone meanwhile.
    void renew_cut(event::ClientAddress client);
    // The inverse of a cut.
    void readmit(event::IncidentId id, event::ClientAddress client, std::string by);
    void stop(); // carries out what it was asked for, then joins
    // Until all that was asked for before is done and told; false when time was over before.
    bool wait_until_done(std::chrono::seconds at_most);

private:
    struct Deed {
        event::ActionKind kind;
        event::IncidentId id;
        std::vector<event::ProcessKey> processes;
        std::string by;
        event::ProcessKey went_on = {}; // of a freeze: who was frozen before
    };
    struct Search {
        event::IncidentId id;
        std::vector<event::ProcessKey> line;
        std::vector<event::ProcessKey> processes;
        OnceFound then;
    };
    struct Readmission {
        event::IncidentId id;
        event::ClientAddress client;
        std::string by;
    };
    struct Renewal {
        event::ClientAddress client;
    };
    using Bell = std::shared_ptr<std::promise<void>>; // rung when its turn comes
    using Task = std::variant<Deed, Search, Readmission, Renewal, Bell>;

    Responder(respond::Policy policy, respond::NeverCut never_cut, respond::Freezer quick,
        respond::Freezer thorough, proc::ProcDir proc);
    void deny(std::span<event::ProcessKey const> processes);
    void allow(std::span<event::ProcessKey const> processes);
    void forget(std::span<event::ProcessKey const> gone);
    void run();
    void carry_out(Deed const& deed);
    void carry_out(Search const& search);
    void carry_out(Readmission const& readmission);
    void carry_out(Renewal const& renewal);
    void carry_out(Bell const& bell);
    void finish(Deed const& deed, Result<respond::Freezer::Outcome> outcome);
    void tell(Deed const& deed, event::ActionKind kind, Result<respond::Freezer::Outcome> outcome);
    void tell(event::Action action);
    void cut(event::IncidentId id, sensor::RemoteClient const& client);
    std::optional<sensor::RemoteClient> client_of(std::span<event::ProcessKey const> line) const;
    void note_ending(event::ProcessKey process);
    void note_taken_down(event::ClientAddress const& client, std::span<respond::Session const> sessions);

    respond::Policy policy_;
    respond::NeverCut never_cut_;
    respond::Freezer quick_; // the deciding thread's
    respond::Freezer thorough_; // the responder's thread's
    respond::StoppedParents parents_; // of all that both have stopped
    Keeper* keeper_ = nullptr;
    Denial* denial_ = nullptr;
    Done done_;
    Found found_;
    // Sessions that lost their connection with another one of their client: the responder's thread's.
    std::unordered_map<event::ProcessKey, sensor::RemoteClient> taken_down_;
    std::mutex ending_mutex_;
    std::unordered_set<event::ProcessKey> ending_; // by a cut; the newest 4,096 at most
    Mailbox<Task> tasks_;
    std::jthread thread_;
};

} // namespace tocsin::guard
