// SPDX-License-Identifier: Apache-2.0
// verdict/signals/rounds.h -- how a process goes through folders, and what it leaves in them.
//
// Who destroys leaves empty folders behind; who tidies up leaves what it did not choose. A run
// of deletions that happens to have no gap therefore says less of a process that left files
// standing elsewhere. What it left is counted when the question is asked, not when it went on:
// with many hands at work a folder empties a moment later. Who comes back to folders that it
// had left goes by no order at all. What it made itself is nothing that it left, and in the folders above
// what readdir shows after the one that it went down into is still to come, unless it has taken something there;
// coming up to them again is no return.
//
// Bounds: 1,024 processes, 256 folders each; a round ends after two minutes without a loss.
#pragma once

#include <deque>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

struct Round {
    struct Left {
        event::ObjectId folder;
        std::uint64_t lost = 0; // to this process
        std::uint32_t farthest = 0; // that it took there, as readdir shows them
    };
    struct Lost {
        event::ObjectId folder;
        event::ObjectId object;
    };
    WallTime time{}; // of the last loss
    event::ObjectId folder; // where it is now
    std::uint64_t lost_here = 0;
    std::uint32_t farthest_here = 0;
    std::deque<Left> left; // the newest 8
    std::unordered_set<event::ObjectId> visited;
    unsigned returns = 0;
    std::deque<Lost> newest; // 10
    std::int64_t newest_ns = INT64_MIN; // mtime, of all that it lost
    bool keeps_some = false; // seen to skip within a folder
    bool is_by_age = true; // not refuted so far
    std::int64_t kept_ns = INT64_MAX; // mtime, of the oldest that it left; INT64_MAX: none seen
};

// Whether it stands where `who` deletes others, and was not added by it.
bool is_left_by(Case const& at, catalog::Link const& link, event::ProcessKey who);

class Rounds {
public:
    // The round of the process, or of its starter where it lives for one file. Notes the loss.
    Round& step(Case const& at, Loss const& loss);

    // Whether it leaves a fair part of the folders standing.
    static bool skips(Case const& at, Round const& round, event::ProcessKey who);
    // Up to `at_most` of what it passed by in a folder and left.
    static void for_each_left(Case const& at, Round const& round, Round::Left const& left,
        event::ProcessKey who, unsigned at_most, std::function<void(catalog::Link const&)> const& visit);
    // Whether all that it left is newer than this.
    static bool chooses_by_age(Round const& round, std::int64_t mtime_ns);
    // Something of this age survived where it took `newest_taken_ns`.
    static void note_kept(Round& round, std::int64_t kept_ns, std::int64_t newest_taken_ns);

private:
    void leave(Round& round) const;

    std::unordered_map<event::ProcessKey, Round> rounds_;
};

} // namespace tocsin::verdict
