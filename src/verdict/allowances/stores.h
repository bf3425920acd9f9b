// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/stores.h -- a server that writes its own store anew, and takes away what it has written anew.
//
// A database writes the rows of a table into a new file, empties the old one, and deletes that at its next checkpoint;
// in doing so it goes through all of a folder within seconds. What tells it from a destroyer is that much of what was
// there still stands, readable, and that nobody else could have read it anyway:
//   the store   private files (private_files.h) in no known format
//   the server  the owner, not root: a process forked from one of the same program that still runs, which
//               does not do what others tell it (no shell, no interpreter)
//   anew        a new file of the same server, in the same folder, shares a third of the passages. It answers for
//               little more than its own size, and is nobody's own from then on: who deletes it destroys it, but where
//               a further one shares a third with it and with all that it has answered for within the day, eight files
//               at most
//   blank       pages that hold next to nothing, such as a map of free space, need no answer
//   the rest    (an index, built in another order, shares no passages) counts an eighth, while it is few beside what
//               was answered for; beyond, three tenths, where a new file of about its size and richness stands there
// Tools count in full: they fork from a shell, act as root, or write nothing. So does the server that drops a database.
//
// Threads: the verdict's. Bounds: the newest 512 files of a folder are looked at; 16,384 answers of 8 files each, and as
// many of one, 16,384 files that were emptied, and 1,024 servers are remembered: with one more all of them are forgotten.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Stores {
public:
    // Whether it costs nothing. Where it costs less, `loss.worth` is lowered.
    bool allow(Case const& at, Loss& loss);
    // The same for what is changed in place: pages that are filled look richer, as if a part had been encrypted.
    void ease(Case const& at, Loss& loss, Content const& after) const;

private:
    struct Counts {
        std::uint64_t answered = 0;
        std::uint64_t unanswered = 0;
    };
    Node const* server_over(Case const& at, catalog::Entry const* file, Node const* worker) const;
    bool is_answered(Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server);
    bool was_built_anew(Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server);

    struct Original {
        Content content;
        WallTime time{};
    };
    struct Answer {
        std::uint64_t bytes = 0;
        std::vector<Original> originals;
    };
    std::vector<Original> originals_of(Case const& at, Loss const& loss) const;

    std::unordered_map<event::ObjectId, Answer> answers_for_;
    std::unordered_set<event::ObjectId> built_anew_; // that stand for one already
    std::unordered_set<event::ObjectId> emptied_; // and covered then: to delete them is nothing more
    std::unordered_map<event::ProcessKey, Counts> servers_;
};

} // namespace tocsin::verdict
