// SPDX-License-Identifier: Apache-2.0
// guard/decider.h -- the deciding work, done by one thread at a time: it reads what happened,
// keeps the catalog, asks the verdict, and answers at once.
//
// In each round, in this order: who was born and died (so that every event finds its process),
// what was opened, what the witness saw, and some of what other threads tell. A deletion is
// judged within microseconds of its event: nothing here waits, but for a few system calls on
// the object in hand.
// Owns the catalog, the verdict, and all that is known of processes. Borrows the rest.
// Threads: run() in a thread of its own, which it shares out by a Relay; what is said here of the
// deciding thread holds for whichever has the baton. Commands run in it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "tocsin/base/sys.h"
#include "tocsin/catalog/catalog.h"
#include "tocsin/guard/absence.h"
#include "tocsin/guard/batch.h"
#include "tocsin/guard/calm.h"
#include "tocsin/guard/exposure_watch.h"
#include "tocsin/guard/inbox.h"
#include "tocsin/guard/incidents.h"
#include "tocsin/guard/keeper.h"
#include "tocsin/guard/mapping_watch.h"
#include "tocsin/guard/object_finder.h"
#include "tocsin/guard/process_book.h"
#include "tocsin/guard/recorder.h"
#include "tocsin/guard/relay.h"
#include "tocsin/guard/responder.h"
#include "tocsin/guard/translator.h"
#include "tocsin/guard/walker.h"
#include "tocsin/verdict/verdict.h"

namespace tocsin::guard {

class Decider {
public:
    struct Parts {
        Trees& trees;
        sensor::Witness& witness;
        sensor::LineageSource* lineage; // null: /proc alone
        Keeper& keeper;
        Denial& denial;
        capture::Pool& pool;
        Walker& walker;
        Recorder& recorder;
        OpenLog& opens;
        Inbox& inbox;
        Responder& responder;
        Executables& executables;
        Recording recording;
    };
    explicit Decider(Parts parts);

    // Before run(): what the journal knows, so that a restart goes on where the guard stopped.
    // Processes before the objects that they made.
    void recall(event::Process const& process);
    void recall(journal::CurrentObject const& object);
    void recall(event::Incident const& incident);
    // A walk of a known tree is to come, or is not, after all: what it finds different from what
    // was recalled changed while nobody looked. During run() by a Command.
    void expect_walk(event::RootId root, WallTime absent_since);
    void give_up_walk(event::RootId root);

    // Until the inbox is closed and empty. An error means that nothing is witnessed any more.
    Result<void> run();

    // In the deciding thread only (by a Command).
    catalog::Catalog const& catalog() const { return catalog_; }
    std::uint64_t uncaptured(event::RootId root);
    std::uint64_t excluded(event::RootId root);
    Incidents& incidents() { return incidents_; }
    // What was read since the last time, and who sent this.
    Traffic take_traffic(std::vector<sensor::Sent> sent);
    // Protected from now on, as the journal is told.
    void begin_tree(event::RootChange const& tree);
    void forget_tree(event::RootId root);
    // An undo has put this back, and told the journal: who changes it from now on changes what existed.
    void put_back(event::Version const& version);
    // Some of what a directory holds, in the order in which it lists it; the parts one after the other.
    void note_listing(event::RootId root, event::ObjectId directory, std::span<sys::DirEntry const> listed);
    // Captures now what is known to have changed, and tells the journal all it knows. The capture
    // pool is busy with it when this returns.
    void bring_up_to_date();
    void record(event::Record record);
    void send_records() { batch_.send(); } // what was gathered for the journal

    // Any thread. While what changed in the guard's absence is being found out.
    bool is_catching_up() const { return is_restart_; }
    // Any thread. What keeps us from capturing or marking; empty while nothing does.
    std::string failure() const;
    std::uint64_t lost_captures() const { return lost_captures_.load(); }
    std::uint64_t lost_births() const { return lost_births_.load(); } // of processes; read again since
    std::uint64_t witness_overflows() const { return witness_overflows_.load(); }

private:
    Result<Relay::Round> round(); // with the baton
    Result<void> wait() const; // without it: of what rounds change it reads looks_soon_ alone
    Result<bool> look_at_kernel(); // whether there was anything
    bool is_making(sensor::WitnessEvent const& event) const; // of something new, by who began it
    void follow_processes();
    void read_opens();
    void note_read(event::Activity const& opened);
    enum class Settling { due, all };
    void settle(Settling settling);
    void look_at_mappings(pid_t who);
    void note_stores(catalog::Entry const& entry, int fd, pid_t who);
    void probe();
    struct Unsettled;
    void probe(Unsettled& change);
    bool is_probing() const; // and what it looks at is on its way
    Unsettled& unsettle(event::ObjectId object, event::ObjectKey const& key, pid_t writer);
    void settled(event::ObjectId object);
    void no_longer_open(Unsettled const& change);
    void begin_anew(event::ObjectId object, event::ObjectKey const& key, pid_t writer);
    void capture_soon(event::ObjectId object, event::ObjectKey const& key, pid_t writer);
    bool is_small(event::ObjectId object) const;
    bool is_due(event::ObjectId object, Unsettled const& change, SteadyTime now, bool is_pool_behind) const;
    bool capture_unsettled(event::ObjectId object, Unsettled const& change); // false: no room

    void handle(sensor::WitnessEvent const& event, WallTime time);
    void handle_own(sensor::WitnessEvent const& event, WallTime time);
    void learn_kind(event::Activity& named);
    bool is_kind_guessed(event::ObjectId object) const;
    void after_name(event::Activity const& activity);
    void note_stirred(event::Activity const& named);
    void after_attributes(event::Activity activity);
    void compare_attributes(
        event::Activity activity, struct statx const& status); // REQUIRES: the catalog knows the object
    void read_attributes(std::size_t at_most);
    void retry_astray(bool is_silent); // after each look at the kernel
    void resolve_astray(event::ObjectId object); // at once, by its handle
    void resolve_all_astray();
    struct Astray;
    void resolve(Astray&& astray);
    void go_astray(event::Activity&& activity); // unless it is known to be gone
    void compare_found(
        event::Activity&& activity, struct statx const& status); // the same REQUIRES; was astray
    void note_change(event::Activity activity);
    bool has_open(pid_t pid, event::ObjectId object) const;
    void note_if_emptied(
        event::Activity const& activity, event::Metadata const& now, std::uint64_t was_bytes);
    void reconsider_exclusion(event::Activity const& activity);
    void mark_linked(event::Activity const& activity);
    void restamp(event::ObjectId object, struct statx const& status);
    void arrive(event::Activity const& activity);

    void handle(Message&& message);
    void handle(Command&& command);
    void handle(capture::Outcome&& outcome);
    void handle_capture(capture::Outcome&& outcome);
    void miss(capture::Outcome const& outcome);
    void no_longer_missed(event::ObjectId object);
    void handle(FoundObject&& message);
    void handle(WalkEnd&& end);
    void note_listed(
        event::ObjectId object, event::ObjectKind kind, event::RootId root, event::Place const& place);
    bool has_all_names(Found const& found) const; // as many as it has links
    void name_found(FoundObject const& message, bool was_expected);
    void compare_name_with_before(Found const& found, bool was_expected, event::Activity& activity);
    void version_found(FoundObject const& message);
    bool compare_with_before(event::Version& version); // whether it is the first look at it
    bool note_absence(event::Version const& version);
    void note_known(event::RootId root); // all of it, from now on
    bool is_made_since(event::Metadata const& metadata) const; // the absence
    void note_closed(event::Version const& version);
    void note_names(FoundObject const& message);
    std::optional<event::Place> take_taken_name(event::ObjectId object);
    bool is_missing_directory(event::ObjectId object);
    std::optional<event::Place> name_left(event::ObjectId object);
    void complete_place(event::Activity& activity);
    void delete_below(event::Activity const& directory);
    struct AbsentTree;
    bool walk_missed(AbsentTree& absent, WalkEnd const& end);
    bool is_walk_to_come(event::RootId root) const;
    void delete_missing(event::RootId root);
    void delete_missing_names(event::RootId root);
    void tell_deleted(std::span<event::Activity> deletions);
    event::Activity deletion(
        event::ObjectId object, event::ObjectKind kind, event::RootId root, event::Place const& place) const;
    void close_absence();
    void record_absence();

    void apply(event::Activity&& activity);
    void apply(event::Version&& version, Committed committed);
    void keep(event::Version&& version, Committed committed); // in the journal, and nowhere else
    Committed once_committed(capture::Outcome& outcome, event::Version const& version);
    bool is_of_another_moment(event::Version const& version);
    void await_writer(event::Version const& version);
    std::shared_ptr<Tree const> tree_of(event::RootId root) const;
    void note_named(event::Activity const& activity);
    void fail(std::string sentence);

    Parts parts_;
    catalog::Catalog catalog_;
    verdict::ProcessTree processes_;
    verdict::Verdict verdict_;
    Batch batch_;
    ProcessBook book_;
    Incidents incidents_;
    ObjectFinder objects_;
    Translator translator_;
    std::unique_ptr<Relay> relay_; // in run()
    Absence absence_;
    std::unordered_map<event::RootId, event::RootChange> partly_known_;
    ReadLog reads_;

    std::unordered_map<capture::ObjectNumber, event::ObjectId> numbers_;

    // Changed without a close so far: by a mapping, a long-open writer, or truncation by path.
    struct Unsettled {
        event::ObjectKey key;
        pid_t writer = 0;
        SteadyTime since; // the newest change
        SteadyTime first; // and the oldest
        bool existed = false; // changed over a version that the vault holds
        bool counts_as_open = false; // in open_changes_
        bool is_probed = false;
        std::vector<pid_t> noted; // who was told to have changed it, the first to the verdict too; 8 at most
        bool is_kind_guessed = false; // regular, as far as is known
    };
    std::unordered_map<event::ObjectId, Unsettled> unsettled_;
    std::unordered_set<event::ObjectId> being_saved_; // emptied, and open; 16 at most
    MappingWatch mappings_;
    std::size_t open_changes_ = 0; // since the last probe, of unsettled_
    struct Unread { // its rights or times have changed, and its extended attributes may have
        event::ObjectKey key;
        event::ProcessKey process;
    };
    std::unordered_map<event::ObjectId, Unread> unread_;
    // Directories in which names have changed, and so their times, since theirs were last looked at; 65,536 at most.
    std::unordered_set<event::ObjectId> stirred_;
    struct Astray { // its object was not where its name is
        event::Activity activity;
        SteadyTime since;
    };
    std::deque<Astray> astray_;
    SteadyTime next_settling_;
    SteadyTime next_probe_ = SteadyTime::max();
    std::size_t probes_ = 0; // asked for, and not here yet
    SteadyTime probing_until_;
    int rounds_after_close_ = 0; // of the inbox
    std::atomic<bool> looks_soon_{false}; // a probe is next, or something is astray: for wait()
    Calm calm_;
    std::atomic<bool> is_calm_{false}; // as of the last round: for wait()
    std::unordered_map<event::ObjectId, pid_t> last_opener_; // of the newest 65,536 objects at most

    struct AbsentTree {
        std::size_t walks = 0; // to come
        int rounds = 0; // of walks for what those before had missed
        bool is_whole = true; // none of them left anything out
    };
    std::unordered_map<event::RootId, AbsentTree> absent_from_; // the restart compares them with the journal
    // Of the restart's walk: names that others have by now, and all that were found of what has several.
    struct TakenNames { // the catalog may have forgotten whose they were
        event::ObjectKind kind;
        event::RootId root;
        std::vector<event::Place> places;
    };
    std::unordered_map<event::ObjectId, TakenNames> names_taken_;
    struct FoundNames {
        event::ObjectKey key;
        std::set<event::Place> places;
    };
    std::unordered_map<event::ObjectId, FoundNames> names_found_;
    std::unordered_set<event::ObjectId> compared_; // with the journal, since the restart
    std::unordered_set<event::ObjectId> missed_; // their newest content could not be captured
    std::unordered_set<event::ObjectId> uncaptured_; // named, without a version so far
    std::unordered_set<event::ObjectId> excluded_; // named, and no version is wanted
    std::uint64_t here_of(std::unordered_set<event::ObjectId>& objects, event::RootId root);
    std::atomic<bool> is_restart_{false}; // until what changed meanwhile is an incident
    WallTime absent_since_{}; // as far as the changes then can be told from later ones
    pid_t const self_pid_;
    std::atomic<std::uint64_t> lost_captures_{0};
    std::atomic<std::uint64_t> lost_births_{0};
    std::atomic<std::uint64_t> witness_overflows_{0};
    mutable std::mutex failure_mutex_;
    std::string failure_;
    std::string capture_failure_;
};

} // namespace tocsin::guard
