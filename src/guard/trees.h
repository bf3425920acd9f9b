// SPDX-License-Identifier: Apache-2.0
// guard/trees.h -- the protected trees: where they are, on what file system, what is left out.
//
// Threads: any. A tree is added once and marked as gone by remove(); lookups by file system are
// answered from an immutable table, since the capture pool asks for each object.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tocsin/capture/pool.h"
#include "tocsin/event/record.h"
#include "tocsin/sensor/gate.h"

namespace tocsin::guard {

struct Tree {
    event::RootId root;
    std::string path; // absolute, resolved
    UniqueFd fd; // of the directory, open for reading
    std::uint64_t filesystem = 0; // as in handles
    std::uint64_t device = 0; // as in stat(2)
    event::ObjectKey key;
    event::ObjectId object;
    sensor::MarkScope scope = sensor::MarkScope::directory;
    UniqueFd claim; // while it is held, no other guard takes the tree
    std::vector<std::string> excludes; // globs: of a whole path, or of a name where they have no '/'
};

// Opens a directory and finds out all of the above but root and excludes. One sentence says why
// a tree can't be protected: not a directory, or a file system without the needed events.
Result<Tree> open_tree(std::string const& path);

// Fails with `exists` while another guard holds the tree. In a directory of root's own: a lock on
// the tree itself could be taken by whoever may read it.
Result<UniqueFd> claim(Tree const& tree);

class Trees final : public capture::Surroundings {
public:
    Trees();

    std::shared_ptr<Tree const> add(Tree tree);
    void remove(event::RootId root);
    std::vector<std::shared_ptr<Tree const>> all() const;
    std::shared_ptr<Tree const> by_path(std::string const& path) const; // null: not protected
    std::shared_ptr<Tree const> containing(std::string const& path) const; // at or above `path`

    int mount_fd(std::uint64_t filesystem) const override;
    bool is_excluded(std::string const& path) const override;
    bool excludes_any() const override;

private:
    using Table = std::vector<std::shared_ptr<Tree const>>;
    std::shared_ptr<Table const> table() const;

    mutable std::mutex mutex_;
    std::shared_ptr<Table const> table_;
    Table retired_; // descriptors stay open: a job may hold their number
};

} // namespace tocsin::guard
