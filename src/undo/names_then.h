// SPDX-License-Identifier: Apache-2.0
// undo/names_then.h -- which object had which path at a time, from the journal's activities.
//
// Borrows the journal; remembers each object it was asked about. Threads: the journal's.
#pragma once

#include <map>
#include <set>

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

class NamesThen {
public:
    NamesThen(journal::Journal& journal, WallTime time) : journal_(journal), time_(time) { }

    struct Names {
        std::map<std::string, event::ActivityId> given; // by the newest activity that gave it
        std::set<std::string> taken; // and not given again
    };
    Result<Names const*> of(event::ObjectId object);
    // Of a path that no activity tells of, its version is believed.
    Result<bool> had(event::ObjectId object, std::string const& path);
    // Its newest version by then, under whatever name it was captured.
    Result<std::optional<event::Version>> newest(event::ObjectId object);

private:
    journal::Journal& journal_;
    WallTime time_;
    std::map<event::ObjectId, Names> known_;
};

} // namespace tocsin::undo
