// SPDX-License-Identifier: Apache-2.0
// guard/incidents.h -- incidents, from the verdict's decision to a person's.
//
// The state of an incident follows what was done: it is `observed` until a hold or a freeze is recorded,
// `stopped` once a kill is, `released` once a thaw is, and `undone` once all was taken back. An
// undone incident whose actor goes on gets its state of before again. A client that was cut off is kept
// out in all of these states but `released`.
// Threads: the deciding thread's. Borrows all its parts.
#pragma once

#include <map>
#include <optional>
#include <tuple>
#include <unordered_set>

#include "tocsin/guard/batch.h"
#include "tocsin/guard/executables.h"
#include "tocsin/guard/process_book.h"
#include "tocsin/guard/responder.h"
#include "tocsin/verdict/exposure.h"
#include "tocsin/verdict/verdict.h"

namespace tocsin::guard {

class Incidents {
public:
    struct Parts {
        verdict::Verdict& verdict;
        verdict::ProcessTree& processes;
        ProcessBook& book;
        Responder& responder;
        Batch& batch;
        Executables& executables;
    };
    explicit Incidents(Parts parts) : parts_(parts) { }

    // At the start: what the journal knows.
    void recall(event::Incident const& incident);
    // At the start: it was undone while its actor was `contained` or `held`, which it still is.
    void recall_undone(event::IncidentId id, event::IncidentState before) { before_undo_[id] = before; }
    // At the start: this was told already.
    void recall(event::Exposure const& exposure);
    // At the start: these are kept out.
    void recall_cut(event::IncidentId id, std::vector<event::ClientAddress> clients);
    // Once the running processes are known: who was contained and still is there is contained
    // again, and who was cut off is kept out, unless the policy is to observe. Keys from before `boot` mean nobody any
    // more.
    void resume(WallTime boot);

    void open(verdict::Decision const& decision);
    // Its actor works from elsewhere.
    void name_client(event::IncidentId id, sensor::RemoteClient const& client);
    // Of nobody's doing that the verdict could name. Its id is given here.
    void open(event::Incident incident);
    // It was refused something at once: an incident that names it, and does nothing to it.
    void note_refusal(event::Process const& process, std::string const& sentence);
    // Counters and processes of open incidents grow as further activities arrive.
    void record_progress();
    // Born from an actor that is contained: it is stopped before it does anything.
    void born(event::Process const& child);
    // Somebody changes something. Who is contained, and was continued by somebody else than a person's release or
    // stop, is stopped again. Told once a second of an incident.
    void acts(event::ProcessKey process);
    void ended(event::ProcessKey process);

    // `not_found` without such an incident. Done some moments later: see acted().
    Result<void> release(event::IncidentId id, std::string const& by);
    Result<void> stop(event::IncidentId id, std::string const& by);
    // Whether all of it was taken back: else the incident stays open for another undo.
    enum class Whole { yes, no };
    // `deeds_before`: as deeds() told when it was planned; what came since is not taken back by it. None:
    // not known. Whether the incident is `undone` now.
    bool record_undo(event::IncidentId id, std::string const& by, std::string outcome, Whole whole,
        std::optional<std::uint64_t> deeds_before);
    // Objects that its actor has changed, deleted or created so far.
    std::uint64_t deeds(event::IncidentId id);
    // Of its processes, how many still exist: frozen, or at work.
    std::size_t living(event::IncidentId id) const;
    // Who is kept out because of it until it is released.
    std::vector<event::ClientAddress> kept_out(event::IncidentId id) const;
    // The responder did something, or failed to.
    void acted(event::Action action);
    // Somebody read much and sent it away. One executable of one unit with one peer is told once, and then
    // is known while the incident stands open or was released.
    void expose(verdict::Exposed const& exposed);
    // One of its programs was hashed.
    void hashed(event::Executable executable) { parts_.batch.add(std::move(executable)); }

private:
    Result<event::Incident*> find(event::IncidentId id);
    event::IncidentId next_id() const;
    std::vector<event::ProcessKey> running_of(event::Incident const& incident) const;
    // Whom it is known of, and who was born from them since, also who has done nothing yet: all who live.
    std::vector<event::ProcessKey> living_of(event::Incident const& incident) const;
    std::vector<event::ProcessKey> all_of(event::Incident const& incident) const; // and its ended ones
    // Restrained for what that one did.
    bool is_in_another(event::ProcessKey process, event::IncidentId id) const;
    void contain(event::Incident const& incident);
    void contain_all(event::Incident const& incident);
    void hold(event::Incident const& incident);
    void kill(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string const& by);
    void escalate(verdict::Decision const& decision);
    void look_for_client(event::Incident const& incident, Responder::OnceFound then);
    void readmit(event::IncidentId id, event::ClientAddress const& client, std::string const& by);
    void cut(event::Action const& done);
    void renew_cuts(WallTime boot);
    void change_state(event::IncidentId id, event::IncidentState state);
    void introduce(event::Incident const& incident);
    void note_executables(event::Incident const& incident);

    void reopen_if_it_goes_on(event::Incident const& before, event::Incident& now);

    event::IncidentId open_numbered(event::Incident incident);
    void write_exposure(event::IncidentId id, verdict::Exposed const& exposed);

    using Way =
        std::tuple<std::string, std::string, std::string, std::uint16_t, bool>; // of data away from here
    struct Told {
        event::IncidentId incident;
        event::ProcessKey top; // none: of before the guard's start
    };

    Parts parts_;
    std::map<Way, Told> ways_; // those in the journal
    std::map<event::IncidentId, event::Incident> incidents_; // as the journal has them
    // Undone while some of their processes lived, and what they were before: they may go on.
    std::map<event::IncidentId, event::IncidentState> undone_alive_;
    std::map<event::IncidentId, event::IncidentState> before_undo_; // until resume()
    std::unordered_set<event::IncidentId> contained_; // from the decision on
    std::unordered_set<event::IncidentId> asked_; // likewise, of those whose opens wait for a person
    std::unordered_set<event::IncidentId> being_killed_; // asked for, and not done yet
    std::map<event::IncidentId, SteadyTime> went_on_; // when that was told last
    // Kept out until a person releases the incident; an incident that has none is not in it.
    std::map<event::IncidentId, std::vector<event::ClientAddress>> cut_;
};

} // namespace tocsin::guard
