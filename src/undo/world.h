// SPDX-License-Identifier: Apache-2.0
// undo/world.h -- the tree of names as it will be after each planned step, and as it is wanted.
//
// Starts from the journal's state of now; the planner moves names in it as it emits steps, so
// that the path of every step is right at the moment it is carried out.
//
// Borrows the history; changes `real` and `wanted` of its links.
#pragma once

#include "tocsin/undo/history.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {

class World {
public:
    explicit World(History& history) : history_(history) { }

    // Who has this name; 0: nobody.
    Result<event::ObjectId> occupant(event::Place const& place);
    void put(Track& track, Link& link, event::Place const& place);
    void take(Link& link);

    // Where things in this directory are now; none if the directory is nowhere.
    Result<std::optional<Spot>> directory_now(event::ObjectId directory);
    Result<std::optional<Spot>> spot_now(event::Place const& place);
    // Where it would be without the actor.
    Result<std::optional<Spot>> spot_wanted(event::Place const& place);

    // Names above it in the wanted tree. Brings back directories on the way that nobody wants
    // but that have to hold something wanted. None: it hangs from no protected tree.
    Result<std::optional<std::size_t>> depth_wanted(event::Place const& place);

    // Things wanted in `gone` go into `there`: another made a new directory of that name.
    void stand_for(event::ObjectId gone, event::ObjectId there) { stands_for_[gone] = there; }
    event::ObjectId standing_for(event::ObjectId directory) const;

    std::vector<event::ObjectId>& kept_directories() { return kept_; }

private:
    Link* wanted_link(Track& directory); // null: it never had a name
    void break_cycle(Track& track);

    History& history_;
    std::map<event::Place, event::ObjectId> changed_; // against the journal
    std::unordered_map<event::ObjectId, event::ObjectId> stands_for_;
    std::unordered_map<event::ObjectId, std::optional<Spot>> now_; // forgotten when a directory moves
    std::unordered_map<event::ObjectId, std::size_t> depths_;
    std::unordered_set<event::ObjectId> visiting_;
    std::vector<event::ObjectId> kept_; // the actor's directories that hold others' work
};

} // namespace tocsin::undo
