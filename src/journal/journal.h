// SPDX-License-Identifier: Apache-2.0
// journal/journal.h -- the guard's durable record of versions, activities, findings and actions.
//
// SQLite in WAL mode. Records are appended and never changed; what is "current" (names of
// objects, states of incidents) are views kept beside them in the same transaction. Every batch
// is chained to the one before by SHA-256, so that a cut or a change shows in verify().
// Once append() has returned, its records survive a SIGKILL; after a power cut the newest ones
// since the last checkpoint of the WAL may be missing, never anything in between.
//
// Threads: an object belongs to one thread. Any number of readers may have the same file open.
// Errors: `again` while somebody else writes, `full` when the disk is (nothing of the batch is kept, the
// journal stays usable), `unsupported` for a file of a newer schema, `corrupt` for what is no journal.
// Format: docs/formats/journal.md
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/event/record.h"

namespace tocsin::journal {

enum class Access { read_write, read_only };

// An object that is there at the moment, as the journal knows it.
struct CurrentObject {
    event::ObjectId object;
    event::ObjectKey key;
    event::ObjectKind kind = event::ObjectKind::other;
    event::RootId root;
    std::vector<event::Place> places;
    std::optional<event::Version> version; // the newest
    // Of one that was not there at the first walk; told by for_each_current() alone. No creator: it
    // was made while no guard ran, and found then.
    event::ProcessKey creator;
    WallTime created{}; // or found
    std::int64_t born_ns = 0; // as its file system says; 0: not recorded
};

class Journal {
public:
    static Result<std::unique_ptr<Journal>> open(std::string const& path, Access access);
    // An append fails with `again` where others have been writing all the while for `patience`; else for 2 s.
    static Result<std::unique_ptr<Journal>> open(
        std::string const& path, Access access, std::chrono::milliseconds patience);
    virtual ~Journal() = default;

    // One transaction, all or nothing; but a record of more than 16 MiB, which no reader would
    // take, is left out alone: it keeps the id 0 and is counted by left_out(). Sets the ids of versions and
    // activities. A version or an activity may name processes that were never appended: then only their
    // key is known.
    virtual Result<void> append(std::span<event::Record> records) = 0;
    // Records that appends have left out since this object was opened.
    virtual std::uint64_t left_out() const { return 0; }

    // Protected trees, also those that no longer are, as their last change left them; by root.
    virtual Result<std::vector<event::RootChange>> roots() = 0;
    virtual Result<std::vector<event::GuardChange>> guard_changes() = 0;

    // Every object that has a place, of one tree or of all (root 0); parents before children is
    // not promised. Stops and passes on the first error of `visit`.
    virtual Result<void> for_each_current(
        event::RootId root, std::function<Result<void>(CurrentObject const&)> visit) = 0;

    virtual Result<std::optional<CurrentObject>> current(event::ObjectId object) = 0;
    // The object that has this place now.
    virtual Result<std::optional<event::ObjectId>> object_at(event::Place const& place) = 0;

    // Oldest first.
    virtual Result<std::vector<event::Version>> versions_of(event::ObjectId object) = 0;
    virtual Result<std::vector<event::Version>> versions_at(std::string const& path) = 0;
    virtual Result<std::optional<event::Version>> version(event::VersionId id) = 0;
    virtual Result<void> for_each_version(std::function<Result<void>(event::Version const&)> visit) = 0;

    // Oldest first.
    virtual Result<std::vector<event::Activity>> activities_by(
        std::span<event::ProcessKey const> processes, WallTime from) = 0;
    virtual Result<std::vector<event::Activity>> activities_on(event::ObjectId object) = 0;
    // Those that gave or took a name in this directory, as `place` or as `target`.
    virtual Result<std::vector<event::Activity>> activities_in(event::ObjectId directory) = 0;

    virtual Result<std::optional<event::Process>> process(event::ProcessKey key) = 0;
    // Those that began at this number of ticks after their boot, or later; in no order.
    virtual Result<std::vector<event::Process>> processes_since(std::uint64_t start_ticks) = 0;

    virtual Result<std::vector<event::Incident>> incidents() = 0; // newest state of each, oldest first
    virtual Result<std::optional<event::Incident>> incident(event::IncidentId id) = 0;
    virtual Result<std::vector<event::Finding>> findings_of(event::IncidentId id) = 0;
    virtual Result<std::vector<event::Action>> actions_of(event::IncidentId id) = 0;
    virtual Result<std::vector<event::Executable>> executables_of(event::IncidentId id) = 0;
    virtual Result<std::vector<event::Exposure>> exposures_of(event::IncidentId id) = 0;

    struct Totals {
        std::uint64_t versions = 0;
        std::uint64_t version_bytes = 0; // sizes of all versions added up
        std::uint64_t activities = 0;
        std::uint64_t incidents_open = 0; // observed, held or contained
    };
    virtual Result<Totals> totals() = 0;

    // The ten paths whose versions take most, and bytes a day over the last day: 0 within its first hour.
    struct Growth {
        std::uint64_t bytes_a_day = 0;
        std::vector<std::pair<std::string, std::uint64_t>> largest;
    };
    virtual Result<Growth> growth(WallTime now) = 0;

    // Recomputes the whole chain. `corrupt` names the first batch that does not fit.
    virtual Result<void> verify() = 0;

    // A consistent copy beside the running journal (for checkpoints).
    virtual Result<void> copy_to(std::string const& path) = 0;
};

} // namespace tocsin::journal
