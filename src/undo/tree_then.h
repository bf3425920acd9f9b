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
        std::optional<WallTime> until; // none: it still had the name
    };
    // Of each name in a directory those that had it by then, oldest first. Undo's passing names are left out.
    using Names = std::map<std::string, std::vector<Holder>>;
    Result<Names const*> names_in(event::ObjectId directory);

    // Those that had the path by then, also in folders that were gone by then: oldest folder first, and in each
    // oldest first. Empty: nobody, or no tree holds it.
    Result<std::vector<Holder>> holders(std::string const& path);
    // Who had it then.
    Result<std::optional<event::ObjectId>> at(std::string const& path);

    // Its newest version by then, or by `until` if that is earlier, under whatever name it was captured.
    Result<std::optional<event::Version>> newest(
        event::ObjectId object, std::optional<WallTime> until = std::nullopt);
    // The newest by then that was captured under this path.
    Result<std::optional<event::Version>> newest_at(std::string const& path);

    struct Tree {
        event::RootId root;
        std::string path;
        event::ObjectId object;
        std::vector<std::string> excludes;
        bool has_left = false; // it was no longer protected then
    };
    // One for each path: whose it was then, or else the last that it was.
    Result<std::map<std::string, Tree> const*> trees();

private:
    Result<std::vector<event::Activity>> listings_anew(event::ObjectId directory);
    Result<std::vector<Holder>> holders_in(std::span<Holder const> directories, std::string const& name);

    journal::Journal& journal_;
    WallTime time_;
    std::map<event::ObjectId, Names> known_;
    std::optional<std::map<std::string, Tree>> trees_;
};

} // namespace tocsin::undo
