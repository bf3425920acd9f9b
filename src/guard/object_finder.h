// SPDX-License-Identifier: Apache-2.0
// guard/object_finder.h -- what an object is just now, found by its name or by its handle.
//
// By its name is quick, and never waits: to open by its handle what was just deleted takes on XFS
// until the kernel has freed it, and an unhindered deleter takes a hundred files meanwhile. No
// symlink is followed and no mount entered: they might lead to a file system that does not answer.
// Where the way fails for another reason than that something is gone, it is the handle after all.
//
// Threads: the deciding one. Bounds: one directory is kept open, that of the last name.
#pragma once

#include <optional>

#include "tocsin/catalog/catalog.h"
#include "tocsin/event/metadata.h"
#include "tocsin/guard/trees.h"

namespace tocsin::guard {

class ObjectFinder {
public:
    ObjectFinder(catalog::Catalog const& catalog, Trees const& trees) : catalog_(catalog), trees_(trees) { }

    // Nothing, or an error, where the object no longer stands where the catalog knows it.
    Result<UniqueFd> open_by_name(event::ObjectId object, event::ObjectKey const& key); // O_PATH
    std::optional<struct statx> status_by_name(event::ObjectId object, event::ObjectKey const& key);
    // The same for an object that the catalog does not know yet.
    std::optional<struct statx> status_at_place(event::Place const& place, event::ObjectKey const& key);
    // As status_at_place(); and yes for what exists, where the way to its directory is no longer known.
    bool may_stand_at(event::Place const& place, event::ObjectKey const& key);
    // Whether this very object has the name just now. No, where the way to its directory is not that of the catalog;
    // unknown, where a mount hides it.
    enum class Stands { yes, no, unknown };
    Stands stands_at(event::Place const& place, event::ObjectId object);
    // Of what has the name just now.
    Result<event::ObjectKey> key_at(event::Place const& place);
    std::optional<event::Metadata> metadata_by_name(event::ObjectId object, event::ObjectKey const& key);

    Result<UniqueFd> open_by_handle(event::ObjectKey const& key) const; // O_PATH
    std::optional<struct statx> status_by_handle(event::ObjectKey const& key) const;
    std::optional<event::Metadata> metadata_by_handle(event::ObjectKey const& key) const;

    // What has this name just now; an empty id where nothing has, or a mount hides it.
    event::ObjectId at(event::ObjectKey const& directory, std::string const& name) const;

    // Where it stands now, whatever the catalog knows; empty: in no tree, or nobody can say.
    std::string path_of_directory(event::ObjectKey const& directory) const;

    void forget_directory(); // its tree is no longer protected, and may be unmounted

private:
    Result<UniqueFd> open_at(
        catalog::Entry const& parent, std::string const& name, event::ObjectKey const& key);
    Result<int> descriptor_of(catalog::Entry const& directory);

    catalog::Catalog const& catalog_;
    Trees const& trees_;
    event::ObjectId directory_;
    UniqueFd directory_fd_;
};

} // namespace tocsin::guard
