// SPDX-License-Identifier: Apache-2.0
// undo/made_early.h -- what a young destroyer did before its first damage.
//
// A convicted program that was started at most 10 minutes before its first damage made its archives and its
// copies for that: they are set aside, and what it deleted meanwhile comes back. What it saved anew, or renamed,
// or wrote in place and did not delete stays: that may be honest. The same holds of who did an errand of the incident's
// (event::Errand), from its birth where that was at most 10 minutes before, else from the errand on, and until its end;
// of one that was there before only what it deleted counts.
//
// Nothing of this holds
// - for a program that had been there longer;
// - for a server's child, which runs its parent's program by its parent's command;
// - for what was done before a person last released one of its processes;
// - after the machine was started again: the time of its birth is not known then.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

struct Early {
    WallTime since;
    std::unordered_set<event::ObjectId> objects; // all that was done to them since then counts
};

struct MadeEarly : Early { // by the actor
    std::unordered_map<event::ProcessKey, Early> errands; // by others, or by the actor longer ago
};

// Nothing for whom none of that is so. Errors: the journal's.
Result<MadeEarly> made_early(journal::Journal& journal, event::Incident const& incident);

} // namespace tocsin::undo
