// SPDX-License-Identifier: Apache-2.0
// undo/plan.h -- from the journal to the steps that put back an actor's changes and only those.
//
// Two worlds are replayed from the journal: the real one, and the one that others would have
// made without the actor. The plan is the difference between them. Nothing on disk is looked at.
//
// Threads: pure functions; the journal is used from the calling thread only.
// Errors: `not_found` for an incident or a path the journal does not know.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tocsin/journal/journal.h"
#include "tocsin/undo/report.h"

namespace tocsin::undo {

// What undo makes has this name and its inode's number until it takes another's place.
constexpr std::string_view fresh_prefix = ".tocsin-undo-";
// Objects in each other's way wait in the tree's own directory under this name and their id.
constexpr std::string_view parked_prefix = ".tocsin-parked-";

// In the order in which they are carried out; all of one phase end before the next begins.
enum class Phase : std::uint8_t {
    clear, // the actor's objects and names go away (in parallel)
    names, // directories and renames (in order: the paths of a step hold after the ones before it)
    contents, // (in parallel)
    leave, // the actor's directories go away, deepest first
    directories, // rights and times of directories, deepest first
};

enum class StepKind : std::uint8_t {
    set_aside, // `spot`, which is `object`, goes into quarantine
    remove_name, // `spot` is a further name the actor gave `object`
    make_directory,
    move, // `object` from `from` to `spot`
    write, // `goal` stands at `spot` and at all of `names`, in place of `object` or of nothing
    add_name, // `spot` becomes a further name of what is at `from`
    set_metadata, // of `object` at `spot`, as in `goal`
};

enum class Purpose : std::uint8_t { restored, recreated, renamed_back, set_aside, kept_both, passing };

// A path below a protected tree; the tree itself is the empty path.
struct Spot {
    event::RootId root;
    std::string path;
    auto operator<=>(Spot const&) const = default;
};

// Where a goal may stand already, since a run that was killed before it could tell the journal.
struct Standing {
    Spot spot;
    event::Place place;
    Purpose purpose;
};

using SharedVersion = std::shared_ptr<event::Version const>;

struct Step {
    Phase phase = Phase::contents;
    StepKind kind = StepKind::write;
    Purpose purpose = Purpose::restored; // `passing`: counts for nothing
    event::ObjectId object; // who has to be there, or takes the goal's place; 0: nobody
    event::ObjectKind object_kind = event::ObjectKind::other;
    Spot spot;
    Spot from;
    std::vector<event::ObjectId> lives; // inodes that `object` had before; a run may have left some in place
    std::vector<Spot> names; // further ones of a hard-linked object
    // Of `restore`, one for each of `names` or none: whose name it is now, and may be dropped.
    struct GivingWay {
        event::ObjectId object;
        std::shared_ptr<event::Version const> newest;
    };
    std::vector<GivingWay> giving_way;
    // Of `spot` and then of `names`, in the journal's terms; of a move: from where to where.
    std::vector<event::Place> places;
    SharedVersion goal; // of a move: what will stand at `spot` in the end, where that is known
    SharedVersion newest; // the last captured state of `object`: what may be dropped
    std::vector<Standing> standing; // where to look for the goal before it is written at `spot`
};

// For undo into another directory: what was where before.
struct Before {
    std::vector<Spot> names;
    SharedVersion version;
};

struct Tree {
    event::RootId root;
    std::string path;
    event::ObjectId object; // that has to be there; 0: a tree made anew is right too
    event::ObjectId once; // with object 0: over a symlink only this one is reached
};

struct Plan {
    event::IncidentId incident;
    std::vector<event::ProcessKey> actors; // of the incident; none for a restore
    std::vector<Tree> trees;
    std::vector<Step> steps; // by phase
    std::vector<Before> before; // directories before what is in them
    std::vector<Spot> swept; // directories where an undo before this one may have left passing names
    std::vector<Note> notes; // with what cannot be done; counted in counts.failed
    Counts counts; // if every step succeeds
    std::uint64_t bytes = 0; // of content to write
};

Result<Plan> make_plan(journal::Journal& journal, event::IncidentId incident);

// `tocsin restore`: files, folders and what was deleted from them, as of a time or as one version.
using Moment = std::variant<WallTime, event::VersionId>;
Result<Plan> plan_restore(
    journal::Journal& journal, std::span<std::string const> paths, Moment const& moment);

// One more of what `purpose` says.
void count(Counts& counts, Purpose purpose);

std::string absolute(Plan const& plan, Spot const& spot);

// "report.docx" -> "report.before-incident-3.docx"; `attempt` above 1 adds "-2" and so on.
std::string name_beside(std::string const& name, event::IncidentId incident, unsigned attempt);
// "access.log" -> "access.still-in-use.log".
std::string name_in_use(std::string const& name, unsigned attempt);

} // namespace tocsin::undo
