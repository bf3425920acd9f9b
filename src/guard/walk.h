// SPDX-License-Identifier: Apache-2.0
// guard/walk.h -- goes through a tree: marks each directory before it is listed, names what is there.
//
// A directory is marked first and listed afterwards, so that nothing which appears in between is
// missed; what appears meanwhile may be told twice, once by the witness and once from here.
// Stays on the tree's file system. Threads: one walk a thread; the visitor is called in it.
#pragma once

#include <functional>
#include <string>

#include "tocsin/event/metadata.h"
#include "tocsin/guard/trees.h"

namespace tocsin::guard {

// One object that the walk came by.
struct Found {
    event::ObjectKey key;
    event::ObjectId object;
    event::Place place;
    std::string path;
    std::uint64_t device = 0;
    event::Metadata metadata; // of a regular file without attributes: the capture reads them
};

struct WalkVisitor {
    // Before a directory is listed. An error ends the walk.
    std::function<Result<void>(int dir_fd)> mark;
    // A file with several names: one may be where no directory is marked. An error ends the walk.
    std::function<Result<void>(int fd)> mark_file;
    // False ends the walk in order (the guard stops).
    std::function<bool(Found&&)> found;
    // A directory or object that could not be looked at; the walk goes on.
    std::function<void(std::string const& path, Error const& error)> skipped;
};

// From an object down, itself included. `place` is its own; a directory is open for reading.
Result<void> walk(Tree const& tree, UniqueFd start, event::Place place, std::string const& path,
    WalkVisitor const& visitor);

} // namespace tocsin::guard
