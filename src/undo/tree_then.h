// SPDX-License-Identifier: Apache-2.0
// undo/tree_then.h -- the protected trees as they were at a time, from the journal's activities.
//
// Goes by directories and the names in them, not by paths: a folder that was renamed holds what it held.
// Borrows the journal; remembers each directory it was asked about. Threads: the journal's.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

class TreeThen {
public:
    TreeThen(journal::Journal& journal, WallTime time) : journal_(journal), time_(time) { }

    struct Holder {
        event::ObjectId object;
        event::ObjectKind kind = event::ObjectKind::other; // other: nobody told
        WallTime since{};
        std::optional<WallTime> until; // none: it still had the name
        event::ActivityId ended; // by this, with `until`
    };
    // Of each name in a directory those that had it by then, oldest first. Undo's passing names are left out.
    using Names = std::map<std::string, std::vector<Holder>>;
    Result<Names const*> names_in(event::ObjectId directory);

    // Those that had the path by then, also in folders that were gone by then, for as long as the folder had its
    // own: oldest folder first, and in each oldest first. Empty: nobody, or no tree holds it.
    Result<std::vector<Holder>> holders(std::string const& path);
    // Who had it then.
    Result<std::optional<Holder>> at(std::string const& path);

    // Its versions by then, under whatever name they were captured, oldest first; of one that has lost the name
    // those that tell what it was until it did. Such a one may have been read later: a capture goes on while
    // the file is renamed or deleted.
    Result<std::vector<event::Version>> versions(Holder const& holder);
    Result<std::optional<event::Version>> newest(Holder const& holder);
    // The newest by then that was captured under this path.
    Result<std::optional<event::Version>> newest_at(std::string const& path);

    struct Tree {
        event::RootChange root;
        bool has_left = false; // it was no longer protected then
    };
    // One for each path: whose it was then, or else the last that it was.
    Result<std::map<std::string, Tree> const*> trees();

private:
    struct Listing {
        event::ActivityId id;
        WallTime time;
    };
    Result<std::vector<Listing>> listings_anew(event::ObjectId directory);
    Result<std::optional<Listing>> left_with_a_folder_above(
        event::Place place, event::ActivityId after, event::ActivityId before);
    Result<bool> was_there(event::ObjectId directory);
    Result<bool> was_rather(Tree const& tree, Tree const& other); // protected at their path
    Result<std::vector<Holder>> holders_in(std::span<Holder const> directories, std::string const& name);

    journal::Journal& journal_;
    WallTime time_;
    std::map<event::ObjectId, Names> known_;
    std::optional<std::map<std::string, Tree>> trees_;
};

} // namespace tocsin::undo
