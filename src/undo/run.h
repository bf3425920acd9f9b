// SPDX-License-Identifier: Apache-2.0
// undo/run.h -- one run over a plan: what the workers share, and how single steps are done.
//
// Internal to act.cc. Borrows the plan, the source and the options for one carry_out().
// Threads: steps may be done from several threads; each brings its own Directories.
#pragma once

#include <atomic>
#include <mutex>
#include <set>

#include "tocsin/undo/act.h"
#include "tocsin/undo/fresh.h"
#include "tocsin/undo/quarantine.h"
#include "tocsin/undo/recorder.h"
#include "tocsin/undo/tree.h"
#include "tocsin/undo/writers.h"

namespace tocsin::undo {

// Something that stands where it should, to be read again at the end.
struct Done {
    Spot spot;
    SharedVersion goal; // none: only the identity counts
    event::ObjectId object;
};

class Run {
public:
    Run(Plan const& plan, ContentSource& source, Options const& options, Recorder& recorder,
        OpenTrees const& trees, Quarantine* quarantine)
        : plan_(plan)
        , source_(source)
        , options_(options)
        , recorder_(recorder)
        , trees_(trees)
        , quarantine_(quarantine)
    {
    }

    // Everything but `write`. An error is counted by the caller with failed().
    Result<void> do_step(Step const& step, Directories& directories);

    // A write in two halves, so that contents of many can be synced between them.
    struct Prepared {
        Step const* step = nullptr;
        std::unique_ptr<Step const> adopted; // `step`, where its goal was found standing
        std::optional<Fresh> fresh; // none: the goal is there already, or the step failed
        std::optional<Found> there; // what is to be replaced
        std::string name; // where it will stand, in the directory of the step
        bool is_beside = false; // found its name taken
    };
    Result<Prepared> prepare(Step const& step, Directories& directories);
    Result<void> publish(Prepared& prepared, Directories& directories);

    // What was there before a write, and is to go away.
    struct Replaced {
        Spot spot; // its own name, given by undo
        event::Place place; // where it was before
        struct statx stat{}; // as it was when it was replaced
    };
    // What was replaced goes away when all new contents are made: ext4 looks at every inode
    // freed in the last minute before it makes one. Empty while it is less than `above_bytes`.
    std::vector<Replaced> take_replaced(std::uint64_t above_bytes);
    // Removes it. What a writer has open, or a program has changed since, stays beside what replaced
    // it, as NAME.still-in-use.EXT. Where the writers are not known it goes into quarantine.
    void remove_replaced(
        Replaced const& replaced, std::optional<Writers> const& writers, Directories& directories);

    // Removes what a killed run has left in a directory.
    Result<void> clean(Spot const& directory, Directories& directories);

    Plan const& plan() const { return plan_; }
    void failed(Step const& step, Error const& error);
    Result<void> check_going(); // `again` once the run shall end
    bool stopped() const { return stopped_; }

    std::vector<Done> take_done();
    std::vector<Note> take_notes();
    // Of the plan: those about names beside that were not needed after all.
    void correct_notes(std::vector<Note>& notes) const;
    Counts counts() const;
    std::uint64_t steps_done() const { return steps_done_; }
    std::uint64_t bytes_done() const { return bytes_done_; }
    void step_done() { ++steps_done_; }

private:
    Result<void> set_aside(Step const& step, Directories& directories);
    Result<void> remove_name(Step const& step, Directories& directories);
    Result<void> make_directory(Step const& step);
    Result<void> move(Step const& step);
    Result<void> move_from(Step const& step, int from_dir, std::string const& from);
    Result<void> add_name(Step const& step, Directories& directories);
    Result<void> set_metadata(Step const& step, Directories& directories);

    Result<void> adopt_what_stands(Prepared& prepared, Directories& directories);
    Result<bool> is_done(Prepared& prepared, int dir_fd);
    Result<bool> choose_name(Prepared& prepared, int dir_fd);
    Result<void> replace(Prepared& prepared, int dir_fd);
    Result<void> keep_content(
        int dir_fd, std::string const& name, Found const& found, std::string const& path);
    Result<void> exchange(int dir_fd, Found const& there, Replaced replaced);
    Result<void> remove_unless_in_use(
        Replaced const& replaced, std::optional<Writers> const& writers, Directories& directories);
    Result<void> keep_in_use(
        Replaced const& replaced, Found const& there, int dir_fd, std::string const& why);
    Result<void> link_further_names(Step const& step, Found const& there, Directories& directories);
    Result<void> finish(Step const& step, std::string const& name, Directories& directories);

    static bool is_captured(SharedVersion const& newest, Found const& found);
    void succeeded(Purpose purpose, Spot const& spot, SharedVersion goal, event::ObjectId object);
    void note(Spot const& spot, std::string what, std::string why);

    Plan const& plan_;
    ContentSource& source_;
    Options const& options_;
    Recorder& recorder_;
    OpenTrees const& trees_;
    Quarantine* quarantine_; // none when nothing may be replaced
    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> steps_done_ = 0;
    std::atomic<std::uint64_t> bytes_done_ = 0;
    mutable std::mutex mutex_; // for what follows
    Counts counts_;
    std::vector<Note> notes_;
    std::map<std::string, std::string> stands_at_; // planned path -> where it is; empty: its own place
    std::vector<Done> done_;
    std::map<Spot, event::ObjectId> made_directories_;
    std::vector<Replaced> replaced_;
    std::set<std::pair<event::ObjectId, std::int64_t>> kept_contents_; // with their mtime
    std::uint64_t replaced_bytes_ = 0;
};

} // namespace tocsin::undo
