// SPDX-License-Identifier: Apache-2.0
// guard/absence.h -- what changed while the guard was away, as one incident of nobody known.
//
// Fed by a restart's walk: what the journal knows, what the walk finds. What is left over at the
// end was deleted meanwhile.
// Threads: the deciding thread's.
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "tocsin/event/incident.h"
#include "tocsin/event/object.h"

namespace tocsin::guard {

// Of an object that appeared while no guard ran and was found at `found`: nobody known, who had
// started by its birth. {}: not known either; it is not as young as it would have to be.
event::ProcessKey unseen_maker(std::int64_t born_ns, WallTime found);

class Absence {
public:
    // The journal's last knowledge of an object that should be there.
    void expect(event::ObjectId object) { missing_.insert(object); }
    bool is_expected(event::ObjectId object) const { return missing_.contains(object); }
    void found(event::ObjectId object) { missing_.erase(object); }

    void changed() { ++incident_.objects_changed; }
    void created() { ++incident_.objects_created; }
    void deleted() { ++incident_.objects_deleted; }

    // Expected and not found so far.
    std::unordered_set<event::ObjectId> const& missing() const { return missing_; }
    std::vector<event::ObjectId> take_missing(); // forgets them

    bool is_empty() const;
    // The incident as it stands; its id and times are the caller's.
    event::Incident incident() const;

private:
    std::unordered_set<event::ObjectId> missing_;
    event::Incident incident_;
};

} // namespace tocsin::guard
