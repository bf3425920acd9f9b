// SPDX-License-Identifier: Apache-2.0
// undo/planner.h -- makes the steps of one incident's plan, phase after phase.
//
// Internal to plan.cc. Lives for one plan; borrows the journal.
#pragma once

#include <unordered_map>

#include "tocsin/undo/before.h"
#include "tocsin/undo/history.h"
#include "tocsin/undo/plan.h"
#include "tocsin/undo/world.h"

namespace tocsin::undo {

class Planner {
public:
    Planner(journal::Journal& journal, event::Incident const& incident, Authorship actor)
        : incident_(incident), history_(journal, std::move(actor)), world_(history_)
    {
    }
    Result<Plan> make();

private:
    // gather.cc: what the actor touched, and what hangs together with it.
    Result<void> gather();
    Result<void> gather_activities();
    Result<void> gather_versions();
    Result<void> touch(event::ObjectId object);
    Result<std::vector<Track*>> named_in(event::ObjectId directory);
    Result<void> gather_inside_actors_directories();
    Result<void> gather_inside_lost_directories();
    bool actor_took_away(Track const& directory) const;
    bool want_back(Track& track, Track const& directory);
    Result<void> settle_wanted_places();
    Result<void> remember_before();

    // naming.cc: phases clear, names and leave.
    Result<void> clear();
    Result<void> clear_object(Track& track);
    Result<void> clear_extra_names(Track& track);
    struct Claim {
        Track* track;
        std::size_t link;
        std::size_t depth;
        event::ActivityId placed;
    };
    Result<void> merge_kept_directories();
    Result<std::vector<Claim>> claims();
    Result<Track*> stays_at(event::Place const& place);
    Result<bool> is_restored_already(Track const& track, event::Place const& place);
    Result<void> park(Track& occupant, event::Place const& place);
    Result<void> name_everything();
    Result<void> settle(Claim const& claim);
    Result<event::Place> make_room(Claim const& claim, event::Place place);
    Result<void> move(Track& track, Link& link, event::Place const& place, Purpose purpose);
    Result<void> make_directory(Track& track, event::Place const& place, Purpose purpose);
    Result<void> leave();

    // contents.cc: phases contents and directories.
    Result<void> restore_contents();
    Result<void> restore_content(Track& track);
    Result<void> restore_gone(Track& track, Wanted const& wanted);
    Result<void> write(Track& track, Wanted const& wanted, Purpose purpose);
    Result<void> add_missing_names(Track& track);
    Result<void> set_metadata(Track& track, Wanted const& wanted);
    Result<void> write_beside(Track& track, event::Place const& place, SharedVersion const& version);
    Result<void> restore_directories();
    Result<void> restore_directory(event::ObjectId directory);
    Result<SharedVersion> with_others_times(Track const& track, SharedVersion goal);

    Step new_step(Phase phase, StepKind kind, Purpose purpose, Track const& track) const;
    void add(Step step);
    void tell_moves_their_goals();
    void note(std::string path, std::string what, std::string why);
    Result<void> note_without_version(event::Place const& place);
    Result<void> note_at(event::Place const& place, std::string what, std::string why);
    Result<event::Place> place_beside(
        event::Place const& place, SharedVersion const& version, std::vector<Standing>& taken);
    Result<void> look_at(Step& step, std::vector<Standing> const& standing);
    Result<void> sweep();
    bool is_alive(Track const& track) const { return !was_gone_.contains(&track); }

    event::Incident const& incident_;
    History history_;
    World world_;
    Plan plan_;
    std::vector<Track*> touched_; // in the order of the actor's activities
    std::unordered_set<Track const*> is_touched_;
    std::unordered_set<Track const*> was_gone_; // no name left when the plan was made
    std::unordered_set<Track const*> beside_; // found their place taken
    std::unordered_map<Track const*, std::vector<Standing>> standing_; // of those
    std::vector<event::ObjectId> directories_; // whose times the actor or the undo changes
    std::unordered_set<event::ObjectId> is_directory_listed_;
    void list_directory(event::ObjectId directory);
};

} // namespace tocsin::undo
