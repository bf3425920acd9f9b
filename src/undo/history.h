// SPDX-License-Identifier: Apache-2.0
// undo/history.h -- what the journal tells of the objects an actor touched, replayed by name.
//
// A Track is one object through time. Undo itself puts new inodes in the place of damaged ones;
// the journal says so (undo/recorder.h), and they are one Track: an undo that was interrupted,
// or another incident's, is seen as part of the same story.
//
// Threads: one; borrows the journal.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/journal/journal.h"
#include "tocsin/undo/authorship.h"

namespace tocsin::undo {

// One name through time. `real`: where it is. `wanted`: where it would be without the actor.
struct Link {
    std::optional<event::Place> real;
    std::optional<event::Place> wanted;
    event::Place last_real;
    std::optional<event::Place> last_wanted; // when another took the name away
    event::ActivityId placed; // the last thing by another that decided `wanted`
    bool unexplained = false; // `last_wanted` is gone, and nothing tells who took it
    // Set by the planner.
    bool added = false; // `real` is where it will be put; it has no name yet
};

struct Track {
    event::ObjectId object; // that is there now, or was last
    std::vector<event::ObjectId> lives; // the same one's inodes, oldest first; `object` is the last
    event::ObjectKind kind = event::ObjectKind::other;
    event::RootId root;
    std::vector<event::Version> versions; // oldest first
    std::vector<event::Activity> activities; // oldest first, also those that displaced it
    std::vector<Link> links;
    bool created_by_actor = false;
    bool adopted = false; // created by the actor, then changed or named by others
    std::optional<event::Place> replaced_at; // another's new object took its name there

    Link const* first_real() const;
    Link const* first_wanted() const;
};

class History {
public:
    History(journal::Journal& journal, Authorship actor) : journal_(journal), actor_(std::move(actor)) { }

    // The trees, and what undo has done since `from`.
    Result<void> load(WallTime from);
    // The track that `object` is a life of. The reference stays valid.
    Result<Track*> track(event::ObjectId object);
    Track* find(event::ObjectId object);
    std::deque<Track>& tracks() { return tracks_; }

    // Activities that gave or took names in a directory, oldest first. Remembers also whom they displaced.
    Result<std::vector<event::Activity> const*> names_in(event::ObjectId directory);

    std::vector<event::RootChange> const& trees() const { return trees_; } // by root, also left ones
    bool is_tree(event::ObjectId object) const { return tree_objects_.contains(object); }
    journal::Journal& journal() { return journal_; }
    Authorship const& actor() const { return actor_; }

private:
    struct Replacement { // of one life by the next
        WallTime time{};
        event::Place place; // that the next life took
    };

    Result<void> load_life(Track& track, event::ObjectId object);
    bool goes_its_own_way(
        std::span<event::Activity const> activities, journal::CurrentObject const& current) const;
    std::vector<event::ObjectId> lives_of(event::ObjectId object) const;
    event::ObjectId last_life(event::ObjectId object) const;
    // With directories as they are called since an undo made them again.
    event::Place now(event::Place place) const;
    event::Activity now(event::Activity activity) const;
    Result<void> replay(Track& track);
    Result<bool> inside_actors_directory(event::Activity const& seen);

    journal::Journal& journal_;
    Authorship actor_;
    std::vector<event::RootChange> trees_;
    std::set<event::ObjectId> tree_objects_;
    std::deque<Track> tracks_;
    std::unordered_map<event::ObjectId, Track*> by_object_; // by the last life
    std::unordered_map<event::ObjectId, event::ObjectId> next_life_;
    std::unordered_map<event::ObjectId, event::ObjectId> life_before_;
    std::unordered_map<event::ObjectId, Replacement> replaced_; // by the life that was replaced
    std::unordered_set<event::ObjectId> own_ways_; // replaced lives that are another file by now
    std::unordered_map<event::ObjectId, std::vector<event::Activity>> names_in_;
    std::unordered_map<event::ObjectId, std::vector<event::Activity>>
        displaced_; // by the object that lost its name
};

} // namespace tocsin::undo
