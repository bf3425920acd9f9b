// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/generations.h -- a numbered file of a program's own, followed by the next of its kind.
//
// A program that keeps its state in `state.41` writes `state.45` and then deletes the former. Such a pair stands alone:
// where more than two numbers of a stem are there, they are a series of somebody's, and each counts. What goes is in no
// known format; what came was made by the process that deletes, is in none either, is half as long at least, looks no
// more encrypted, answers for one, and is not even its maker's own from then on. What they hold is not
// compared: eight stems at most are covered within an hour, for all programs together, and under each of them only what
// followed last goes in its turn.
//
// Threads: the verdict's. Bounds: 16 names of a folder are looked at; 4,096 answers, with one more all are forgotten.
#pragma once

#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Generations {
public:
    bool allow(Case const& at, Loss const& loss);

private:
    using Stem = std::pair<event::ObjectId, std::string>; // of a folder
    struct Follower {
        event::ObjectId object;
        WallTime time{}; // of the last loss that it answered for
    };
    bool follow(Case const& at, Stem stem, event::ObjectId old, event::ObjectId next);

    std::unordered_set<event::ObjectId> answered_;
    std::map<Stem, Follower> stems_; // that were covered within the hour
};

} // namespace tocsin::verdict
