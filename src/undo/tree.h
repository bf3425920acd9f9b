// SPDX-License-Identifier: Apache-2.0
// undo/tree.h -- reaches objects below a protected tree without ever being led out of it.
//
// Every path is resolved below the tree's own descriptor with openat2(2) RESOLVE_BENEATH and
// RESOLVE_NO_SYMLINKS; on kernels without it, name by name with O_NOFOLLOW. What a name leads
// to is judged on an O_PATH descriptor, by file handle, so no open is seen by the gate.
//
// Threads: an OpenTree may be shared; a Directories belongs to one thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tocsin/base/sys.h"
#include "tocsin/event/object.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {

// An object that a name leads to.
struct Found {
    UniqueFd fd; // O_PATH
    struct statx stat;
    event::ObjectId object;
    event::ObjectKey key;

    event::ObjectKind kind() const { return event::kind_of_mode(stat.stx_mode); }
};

Result<Found> identify(UniqueFd fd);
// Nothing there (any more) is no error.
Result<std::optional<Found>> look(int dir_fd, std::string const& name);

class OpenTree {
public:
    // `not_found` when the path leads to another directory than the journal knows, for instance
    // because something was mounted over it.
    static Result<OpenTree> open(Tree const& tree);

    int fd() const { return fd_.get(); }
    std::string const& path() const { return path_; }
    Result<UniqueFd> directory(std::string const& path) const; // O_PATH

private:
    OpenTree(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) { }

    UniqueFd fd_;
    std::string path_;
};

struct SplitPath {
    std::string directory; // "" for the tree itself
    std::string name;
};
SplitPath split(std::string const& path);

using OpenTrees = std::map<event::RootId, OpenTree>;

// Directories that were just used, kept open. Only while no directory moves.
class Directories {
public:
    explicit Directories(OpenTrees const& trees) : trees_(trees) { }
    // The descriptor stays open until the next call.
    Result<int> at(event::RootId root, std::string const& directory);

private:
    static constexpr std::size_t most_open = 16;
    OpenTrees const& trees_;
    std::map<Spot, UniqueFd> open_;
};

} // namespace tocsin::undo
