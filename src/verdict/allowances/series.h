// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/series.h -- a numbered series whose user keeps what is wanted of the old files in new ones.
//
// A mail store of few large files (Dovecot's mdbox: `m.10`, `m.11`) is purged so: what stays of some is written to
// `m.44`, and they go. What was kept can't be compared, for it is little of each. These tell it from a destroyer's work
// as far as anything does, and bound it:
//   the files    are in no known format, and private (private_files.h)
//   the program  acts as that owner, not as root, and is no shell and no interpreter
//   anew         what it makes under later numbers of the stem, in no known format either and about as rich, is a
//                quarter at least of all that it takes there; it is nobody's own from then on
//
// Threads: the verdict's. Bounds: the newest 64 files of a folder are looked at; 1,024 series, each of one process and
// for an hour from its last loss on; with one more all of them are forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Series {
public:
    bool allow(Case const& at, Loss const& loss, catalog::Entry const& folder);

private:
    struct Lost {
        std::uint64_t bytes = 0;
        WallTime time{}; // of the newest
    };
    using Whose = std::tuple<event::ProcessKey, event::ObjectId, std::string>; // the folder, the stem
    std::map<Whose, Lost> lost_;
};

} // namespace tocsin::verdict
