// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/prunings.h -- a program takes away what it has written for itself alone, and some of it stays.
//
// Packs of a backup repository go that only their maker could read. It is a pruning where the program has written
// something, and either of these holds:
//   anew       it made one file in that folder, which may be a pack, for each twelve that go
//   elsewhere  it has gone on from a folder and left others' files there
// A whole repository is none: its snapshots go first, and nothing of it stays.
//
// Threads: the verdict's. Bounds: 1,024 processes, with one more all of them are forgotten; the first 16 folders of
// each; 64 files of a folder are looked at.
#pragma once

#include <unordered_map>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Prunings {
public:
    // To be called for every loss: it counts them.
    bool allow(Case const& at, Loss const& loss);

private:
    struct Pruner {
        event::ObjectId folder; // where it is now
        std::vector<event::ObjectId> left; // others where it was before
        std::uint64_t lost = 0;
    };
    static void count(Pruner& pruner, Loss const& loss);

    std::unordered_map<event::ProcessKey, Pruner> pruners_;
};

} // namespace tocsin::verdict
