// SPDX-License-Identifier: Apache-2.0
// verdict/provenance.h -- whose an object is, and whether it can be made again.
//
// A program may do with its own products what it likes: git deletes what git wrote, make cleans
// what make built, a program removes its temporary files. What it took over from others (a
// file that it replaced) does not become its own by that.
//
// Bounds: 65,536 successors, 64 locks; the oldest are forgotten.
#pragma once

#include <deque>
#include <unordered_map>

#include "tocsin/catalog/catalog.h"
#include "tocsin/event/activity.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

class Provenance {
public:
    Provenance(catalog::Catalog const& catalog, ProcessTree& tree, Settings const& settings)
        : catalog_(catalog), tree_(tree), settings_(settings)
    {
    }

    // 1 where it is somebody else's, 0 where it is the process's own, or may be: of what was made
    // while no guard ran, whoever ran then may be the maker for a while.
    double worth(catalog::Entry const& entry, Node& who, WallTime now) const;
    // Whether the process added it: its own, and in nobody's place.
    bool is_addition_of(catalog::Entry const& entry, Node& who, WallTime now) const;
    // By type, by the names of the folders it lies in, or by what stands beside it.
    bool is_cheap(catalog::Link const& link) const;

    // `successor` stands where somebody else's object stood.
    void inherit(event::ObjectId successor);
    // And it holds what that held, in whole or for its part: not even its maker's own. Who packs and unpacks makes
    // something else of it.
    void inherit_content(event::ObjectId successor);

    // git holds .git/index.lock while it changes a work tree that its object store holds.
    void note_created(event::Activity const& created);

private:
    struct Lock {
        event::ProcessKey who;
        event::ObjectId work_tree;
    };
    bool may_have_made(Node const& who, catalog::Entry const& entry, WallTime now) const;
    bool holds_lock_over(Node const& who, catalog::Entry const& entry) const;

    catalog::Catalog const& catalog_;
    ProcessTree& tree_;
    Settings const& settings_;
    std::unordered_map<event::ObjectId, bool> heirs_; // whether of the content
    std::deque<event::ObjectId> heir_ages_;
    std::deque<Lock> locks_;
};

} // namespace tocsin::verdict
