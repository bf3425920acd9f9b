// SPDX-License-Identifier: Apache-2.0
// event/incident.h -- findings about an actor, the actions taken, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/event/object.h"
#include "tocsin/event/process.h"

namespace tocsin::event {

// The field's words. Never renumber: kept in journals.
enum class IncidentState : std::uint8_t {
    observed = 1, // noted; nothing was done
    held = 2, // its opens of protected files wait for a person; nothing is frozen
    contained = 3, // frozen, its opens denied
    released = 4, // thawed by a person
    stopped = 5, // killed by a person or a policy
    undone = 6, // its changes were taken back
    closed = 7, // nothing left to do
};
std::string_view name_of(IncidentState state);

enum class ActorKind : std::uint8_t {
    process_tree = 1, // a local process and what came from it
    session = 2, // a login
    unit = 3, // a service or a container: a whole cgroup
    unknown = 4, // nobody was watching (changes while the guard was away)
};
std::string_view name_of(ActorKind kind);

// Who is behind activities. Never a bare pid: `processes` grows with what the tree forks.
struct Actor {
    ActorKind kind = ActorKind::process_tree;
    ProcessKey top; // the smallest subtree that explains the damage hangs from here
    std::string user; // name, or "#uid" where it has none
    std::string address; // of a remote session; empty for a local one
    std::string command; // of `top`
    std::string cgroup;
    std::vector<ProcessKey> processes; // all that are known to belong, ended ones too

    bool operator==(Actor const&) const = default;
};

// One reason, with its share of the score and a sentence that a person understands.
struct Finding {
    IncidentId incident;
    WallTime time;
    std::string signal; // the signal's name: its file in verdict/signals/
    double points = 0;
    std::string reason;
    std::vector<ObjectId> objects; // that carry it; at most 64

    bool operator==(Finding const&) const = default;
};

// What somebody of the actor's session deleted shortly before as if that had been asked for. It passed then; now it
// belongs to the incident.
struct Errand {
    ProcessKey process; // need not be one of the actor's
    WallTime since; // of what it deleted
    WallTime until;

    bool operator==(Errand const&) const = default;
};

struct Incident {
    IncidentId id;
    WallTime opened;
    IncidentState state = IncidentState::observed;
    Actor actor;
    double score = 0; // in thresholds: 1.0 is where the guard acts
    std::vector<std::string> reasons;
    std::uint64_t objects_changed = 0;
    std::uint64_t objects_deleted = 0;
    std::uint64_t objects_created = 0;
    std::uint64_t bytes_exposed = 0; // of distinct files that the actor opened
    WallTime first_activity; // from here on the actor's changes belong to the incident
    WallTime last_activity;
    std::vector<Errand> errands = {};

    bool operator==(Incident const&) const = default;
};

// Enough was counted to act on, and it is known against whom.
inline bool is_convicted(Incident const& incident)
{
    return incident.score >= 1 && incident.actor.kind != ActorKind::unknown;
}

// Never renumber: kept in journals.
enum class ActionKind : std::uint8_t {
    freeze = 1,
    thaw = 2, // inverse of freeze
    deny = 3,
    allow = 4, // inverse of deny
    kill = 5,
    undo = 6,
    hold = 7,
    cut = 8, // the client can no longer reach the server
    readmit = 9, // inverse of cut
};
std::string_view name_of(ActionKind kind);

// From where a server is used, and at which of its ports: all that a cut needs to be taken back, also when the server's
// process and the guard of then have ended.
struct ClientAddress {
    std::string address; // as inet_ntop(3) writes it
    std::uint16_t port = 0; // the server's
    std::uint64_t network = 0; // the server's network namespace: the inode of its /proc/PID/ns/net

    bool operator==(ClientAddress const&) const = default;
};

struct Action {
    IncidentId incident;
    WallTime time;
    ActionKind kind = ActionKind::freeze;
    std::string by; // "policy", or the person's user name
    std::vector<ProcessKey> processes; // that it was done to
    std::string outcome; // one sentence; where it was not done: outcome_of_failure() in restraint.h
    std::optional<ClientAddress> client = {}; // of cut and readmit

    bool operator==(Action const&) const = default;
};

} // namespace tocsin::event
