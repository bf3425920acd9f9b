// SPDX-License-Identifier: Apache-2.0
// undo/authorship.h -- which of the journal's records are an incident's actor's.
//
// Threads: any, once made.
#pragma once

#include <unordered_set>
#include <vector>

#include "tocsin/event/incident.h"
#include "tocsin/undo/made_early.h"

namespace tocsin::undo {

class Authorship {
public:
    Authorship(event::Incident const& incident, MadeEarly early);

    bool did(event::Activity const& activity) const;
    bool wrote(event::Version const& version) const; // not of occasion undo
    bool is_its(event::ProcessKey process) const { return processes_.contains(process); } // whenever that was
    bool is_unknown() const { return unknown_; }
    bool in_time(WallTime time) const; // of the incident
    WallTime since() const { return since_; } // nothing counts before
    // Others than the actor, who did what belongs to it.
    std::vector<event::ProcessKey> helpers() const;

private:
    bool counts(event::ProcessKey process, event::ObjectId object, WallTime time) const;

    std::unordered_set<event::ProcessKey> processes_;
    MadeEarly early_;
    WallTime since_;
    WallTime first_;
    WallTime last_; // only of an unknown actor, whose process key others share
    bool unknown_ = false;
};

} // namespace tocsin::undo
