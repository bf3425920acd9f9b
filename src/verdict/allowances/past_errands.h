// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/past_errands.h -- who deleted something lately as if that had been asked for, and in which session.
//
// An errand (errands.h) costs nothing by itself. Where an attack follows in the same session, it was the
// attack's first step: backups are pruned before the files go. The session is what explains both: one came from the
// other, or both from a script, a shell, or another program that was started shortly before the errand. Below a
// server that starts something for each of its clients they are strangers. What the script ran just before the errand
// belongs to it.
//
// Threads: the verdict's. Bounds: 8,192 processes with 64 steps each; the one whose last errand is oldest goes first.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "tocsin/event/incident.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

class PastErrands {
public:
    struct Past {
        event::Errand errand;
        std::uint64_t files = 0;
        std::vector<event::ProcessKey> steps; // that its script ran just before it, as to list the backups
        std::vector<event::ProcessKey> line; // the process, then those that it came from, below the boundary
    };

    PastErrands(ProcessTree& tree, Settings const& settings) : tree_(tree), settings_(settings) { }

    void note(event::ProcessKey who, WallTime now);
    // Those of the session of `top`, within Settings::sweep_memory before the damage began. Valid until the next call.
    std::vector<Past const*> before(Node const& top, WallTime damage_began) const;
    void forget(std::span<event::Errand const> errands); // a person let them pass

private:
    std::vector<event::ProcessKey> steps_before(event::ProcessKey who) const;
    bool is_of_one_session(Past const& past, Node const& top) const;

    ProcessTree& tree_;
    Settings const& settings_;
    std::unordered_map<event::ProcessKey, Past> past_;
};

} // namespace tocsin::verdict
