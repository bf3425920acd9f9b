// SPDX-License-Identifier: Apache-2.0
// undo/quarantine.h -- where an actor's objects go instead of being destroyed.
//
// `<state>/quarantine/<incident>/NNNN`, and one line of JSON for each in `index.jsonl`. A line is
// written before its file is moved: a line whose file is missing tells of nothing.
//
// Threads: keep*() from several at once.
// Errors: `full` when the state directory's file system is.
// Format: docs/formats/quarantine.md
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/base/digest.h"
#include "tocsin/event/incident.h"
#include "tocsin/event/version.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {

struct Quarantined {
    event::IncidentId incident;
    std::uint64_t number = 0;
    std::string path; // where it was; absolute
    std::string file; // where it is; empty for a directory, of which only this line is kept
    event::ObjectId object;
    WallTime time;
    Sha256 sha256; // zero for what has no content
    event::Metadata metadata; // without attributes: they stay on the file
};

class Quarantine {
public:
    static Result<std::unique_ptr<Quarantine>> open(std::string const& state_dir, event::IncidentId incident);

    // Moves the object that `name` leads to; `captured` is its last version, if it still is that.
    Result<void> keep(int dir_fd, std::string const& name, Found const& found, std::string const& path,
        event::Version const* captured);
    // As keep(), but the name stays too (until the caller replaces it).
    Result<void> keep_beside(int dir_fd, std::string const& name, Found const& found, std::string const& path,
        event::Version const* captured);
    Result<void> keep_directory(
        int dir_fd, std::string const& name, Found const& found, std::string const& path);

private:
    Quarantine(UniqueFd dir, UniqueFd index, event::IncidentId incident, std::uint64_t next)
        : dir_(std::move(dir)), index_(std::move(index)), incident_(incident), next_(next)
    {
    }
    Result<std::string> enter(Found const& found, std::string const& path, Sha256 const& digest);
    Result<void> copy_in(int dir_fd, std::string const& name, Found const& found, std::string const& number);

    UniqueFd dir_;
    UniqueFd index_;
    event::IncidentId incident_;
    std::mutex mutex_;
    std::uint64_t next_;
};

// What is there, oldest first; of all incidents if none is named.
Result<std::vector<Quarantined>> list_quarantine(
    std::string const& state_dir, std::optional<event::IncidentId> incident);

// SHA-256 of a whole file, without changing its access time where that is allowed.
Result<Sha256> digest_of(int dir_fd, std::string const& name);

} // namespace tocsin::undo
