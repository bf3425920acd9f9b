// SPDX-License-Identifier: Apache-2.0
// verdict/verdict.h -- scores what happens to the set of files, then names who is behind it.
//
// Points go to the process that did something and to all its ancestors below the boundary
// (lineage.h). The actor is the lowest process whose own subtree explains the damage: one
// program of a login, or the script that started a thousand of them, but never more.
//
// Borrows the catalog and the tree; they must outlive it.
// Threads: one owner, the guard's deciding thread. No system calls, no locks.
// Bounds: each part names its own; in all about 30 MB beside catalog and tree.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/verdict/allowances/generations.h"
#include "tocsin/verdict/allowances/stores.h"
#include "tocsin/verdict/places.h"
#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

// An actor crossed the threshold. `incident.state` is what the evidence asks for: `contained` (freeze it), `held` (ask
// a person first) or `observed` (write it down). Ids are given by set_next_incident() and up; one that was `held` and
// goes on is told once more, as `contained`.
struct Decision {
    event::Incident incident;
    std::vector<event::Finding> findings;
};

// A process as the actor of an incident; it alone, without those that came from it.
event::Actor actor_of(event::Process const& process);

class Verdict {
public:
    Verdict(catalog::Catalog const& catalog, ProcessTree& tree, Settings settings);
    ~Verdict();

    // Both are to be called BEFORE catalog.apply() of the same value, so that the catalog still
    // shows what was there. Times must not run backwards by more than a moment.
    std::optional<Decision> consider(event::Activity const& activity);
    std::optional<Decision> consider(event::Version const& version);
    // Counts a file that a walk found: it came in with a folder, or was made before its folder was marked.
    void note_found(event::Activity const& found);

    // Called within consider() with the process whose act crossed the threshold, before the
    // incident is written up: that takes as long as a hundred deletions. It belongs to the actor.
    using Crossed = std::function<void(event::ProcessKey)>;
    void on_crossing(Crossed crossed) { crossed_ = std::move(crossed); }

    // Called within consider() at each hard charge to a process whose hard points, with those of its
    // descendants, reach Settings::suspect; work that is split over many processes may never reach it.
    void on_suspicion(std::function<void()> suspected) { suspected_ = std::move(suspected); }

    // The incident that a process is condemned in, itself or by birth. Zero: none.
    event::IncidentId incident_of(event::ProcessKey process) const;

    // An incident from before a restart is open again; nothing happens where it is open already. Those of
    // its processes that the tree knows are condemned in it. What convicted them is not known any more:
    // release() pardons all.
    void resume(event::Incident const& incident);

    // This process turned out to be the same actor's (another session of the same client): it is condemned in the
    // incident, too, with what it has done so far. Nothing happens where it is not known, or is condemned already.
    void join(event::IncidentId id, event::ProcessKey process, WallTime now);

    // A person lets the actor go on: what convicted it does not count against it or its
    // children again; other signals do.
    void release(event::IncidentId id);
    // Whether anybody is left who is condemned in it, also who has done nothing so far.
    bool is_alive(event::IncidentId id) const;
    // It was killed, undone or closed, and nobody is left: no longer kept up to date.
    void close(event::IncidentId id);

    // Those that changed since the last call, for the journal.
    std::vector<event::Incident> take_changed();

    void set_next_incident(event::IncidentId id) { next_incident_ = id.value; }

private:
    struct Hold {
        event::ObjectId folder; // zero: not known any more
        std::unordered_set<event::ObjectId> objects; // that convicted it
        std::unordered_set<event::ObjectId> refused;
        bool has_ended_one = false; // that it was at
    };
    struct Open {
        event::Incident incident;
        std::vector<event::ProcessKey> tops;
        std::unordered_set<event::ProcessKey> members; // as in incident.actor.processes
        std::uint32_t signals = 0; // bits that convicted it
        std::optional<Hold> hold; // a person is asked
        bool has_changed = false;
    };
    struct Waiting {
        Loss loss;
        Relation relation;
        WallTime since{};
        event::ProcessKey refilled_by; // as in Succession
    };
    struct Left { // a place that an object left without being lost
        event::ObjectId object;
        event::ProcessKey who;
        WallTime time{};
    };

    struct Moved { // an object that somebody gave another name in the same folder
        event::ObjectId object;
        event::ProcessKey who;
        event::Place from; // where it was before the first of them
        catalog::Mark mark;
        WallTime time{};
    };

    Case at(WallTime now);
    void count(Node& who, event::Activity const& activity);
    void note_open(Node& who, event::Activity const& opened);

    // Sorting what happened (losses.cc).
    Loss loss_of(catalog::Link const& link, event::ProcessKey who, WallTime now, How how);
    void on_deleted(Case const& at, event::Activity const& activity);
    void on_renamed(Case const& at, event::Activity const& activity);
    std::string path_of(Loss const& loss, event::Place const& last, std::string const& path) const;
    void note_moved(Case const& at, event::Activity const& renamed, catalog::Link const& from);
    Moved* moved_by(event::ObjectId object, event::ProcessKey who, WallTime now);
    void replaced_by_link(Case const& at, Loss const& loss);
    void on_named(Case const& at, event::Activity const& activity, event::Place const& place);
    void on_content(Case const& at, event::Version const& version);
    void on_filled(Case const& at, event::Version const& version, Content const& after);
    void note_filling(event::Activity const& changed);
    static bool may_be_filled(catalog::Entry const& entry);
    bool is_being_filled(catalog::Entry const& entry) const;
    void lose(Case const& at, Loss const& loss);
    void lose_unless_copied(Case const& at, catalog::Link const& link, Loss loss);
    bool is_back(event::ObjectId packed, Content const& after) const;
    void note_stands_for(event::ObjectId copy, Content const& original);
    bool is_disguise(Loss const& loss, event::ObjectId copy, Content const& after) const;
    void succeed(Case const& at, Waiting const& waiting, event::ObjectId successor, Content const& after);
    void succeed_or_wait(Case const& at, Waiting waiting, event::ObjectId successor);
    void lose_for_now(Case const& at, Loss const& loss);
    void judge_by_what_is_known(Case const& at, Waiting const& waiting, event::ObjectId successor);
    std::vector<Waiting> take_waiting(event::ObjectId successor); // they wait no longer
    event::ObjectId copy_beside(
        Case const& at, catalog::Link const& link, std::string const& name, Node& who) const;
    bool is_here(event::ObjectId object) const;
    bool stands_in_its_heir(Loss const& loss);
    void note_heir(event::ObjectId of, event::Activity const& named);
    bool related(event::ProcessKey a, event::ProcessKey b) const;

    // Naming the actor (actor.cc).
    void strike(event::ProcessKey doer, Node& top) const;
    // `arriving`: the version that is considered, which the catalog does not hold yet; null for an activity.
    std::optional<Decision> settle(event::ProcessKey doer, WallTime now, event::Version const* arriving);
    bool keeps_starting_destroyers(Node const& starter, WallTime now) const;
    std::vector<Node*> answering_for(Node const& top) const;
    void note_condemned(Node const& top, bool is_too_late, WallTime now) const;
    Node* lowest_above_threshold(Node& leaf, WallTime now) const;
    Node* dominant_below(Node& node, WallTime now) const;
    std::vector<Node*> with_accomplices(Node& top, WallTime now) const;
    std::vector<Node*> sessions_of(Node& server, WallTime now) const;
    Decision condemn(std::vector<Node*> const& tops, std::optional<Hold> hold, WallTime now);
    std::vector<event::Finding> findings_of(std::span<Charge const* const> charges, WallTime now);
    std::uint64_t take_in(Open& open, Node& top, WallTime now); // how many files went by its errands
    void add_members(Open& open, Node& top);
    void add_steps_before(Open& open, Node const& top);
    std::uint64_t add_errands(Open& open, Node const& top);
    static void add_member(Open& open, Node const& node);
    void note_member(Node const& who);
    Decision observe(Observed const& observed);

    // Whom a person is asked about (hold.cc).
    std::optional<Hold> hold_for(std::span<Node* const> tops, event::Version const* arriving) const;
    bool has_sealed_copy(Charge const& charge, event::Version const* arriving) const;
    bool is_sealed_by_purpose(Charge const& charge, event::Version const* arriving) const;
    bool was_at_it(Hold const& hold, event::IncidentId incident, event::ObjectId object) const;
    std::optional<Decision> watch_held(Node& who, event::Activity const& activity);
    std::optional<Decision> watch_held(
        Open& open, Node& who, event::Activity const& activity, event::ObjectId object);
    Decision escalate(Open& open, std::string sentence, WallTime now);

    catalog::Catalog const& catalog_;
    ProcessTree& tree_;
    Settings const settings_;
    Ledger ledger_;
    Reads reads_;
    Provenance provenance_;
    PastErrands past_errands_;
    PrivateFiles private_files_;
    YoungFiles young_files_;
    Stores stores_;
    Generations generations_;
    std::vector<std::unique_ptr<Signal>> signals_;

    Places<Loss> lost_;
    Places<Left> left_;
    std::vector<Moved> moved_; // by hash of the object; a newer one takes an older one's slot
    std::unordered_map<event::ObjectId, event::ObjectId> heir_of_; // of objects that live on elsewhere
    std::unordered_map<event::ObjectId, Sha256> stands_for_; // of copies beside what went
    std::unordered_map<event::ObjectId, std::vector<Waiting>> waiting_; // by successor
    std::deque<event::ObjectId> arrivals_; // of waiting_, also of those that wait no longer; oldest first
    std::unordered_map<event::ObjectId, WallTime> filling_; // empty or young when read last, written to since
    std::unordered_map<event::IncidentId, Open> open_;
    std::int64_t next_incident_ = 1;
    Crossed crossed_;
    std::function<void()> suspected_;
};

} // namespace tocsin::verdict
