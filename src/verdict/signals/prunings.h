// SPDX-License-Identifier: Apache-2.0
// verdict/signals/prunings.h -- a program takes away what it has written for itself alone, and some of it stays.
//
// Repositories of backups are pruned: packs go that nobody could read but the program that made them. All of one is
// told as ever, for its snapshots go first and nothing stays of them. It is a pruning where the program has written
// something, and
//   anew     made files in the same folder that may be packs, one for each twelve that go;
//   behind   goes by the order in which they were made, and leaves one for eight standing before, that others made; or
//   elsewhere has gone on from a folder, and left others' files standing there
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
    // Each loss is to be told: it is counted, too.
    bool goes_on(Case const& at, Loss const& loss);

private:
    struct Here { // in the folder where it is now
        event::ObjectId folder;
        std::uint64_t lost = 0;
        std::uint64_t backwards = 0; // of these, with a lower inode number than one before
        std::uint64_t highest = 0; // inode number
    };
    struct Pruner {
        Here here;
        std::vector<event::ObjectId> left; // folders where it was before
        std::uint64_t lost = 0;
    };
    static void count(Pruner& pruner, Loss const& loss);
    static bool leaves_some_behind(Case const& at, Here const& here, event::ProcessKey who);

    std::unordered_map<event::ProcessKey, Pruner> pruners_;
};

} // namespace tocsin::verdict
