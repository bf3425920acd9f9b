// SPDX-License-Identifier: Apache-2.0
// undo/fresh.h -- a new object with a version's content and metadata, before it has its name.
//
// A regular file is made without a name (O_TMPFILE), so that a process that is killed leaves
// nothing behind. Where it has to take an occupied name, it gets the name `.tocsin-undo-INODE`
// first: what has that name but another inode is what it took the place of.
//
// Threads: none shared.
#pragma once

#include <string>

#include "tocsin/event/version.h"
#include "tocsin/undo/content_source.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {

class Fresh {
public:
    // In the directory where it is to have its name. Content is written, metadata set but for
    // the immutable and append-only flags. Not yet synced.
    static Result<Fresh> make(int dir_fd, event::Version const& version, ContentSource& source);

    // `exists` when the name is taken; then nothing has changed.
    Result<void> give_name(int dir_fd, std::string const& name);
    // Takes a name of its own beside the others, for an exchange. Returns that name.
    Result<std::string> give_own_name(int dir_fd);
    void name_gone() { name_.clear(); }

    int fd() const { return fd_.get(); }
    // For special files and file systems without O_TMPFILE; else empty.
    std::string const& name() const { return name_; }

private:
    static Result<Fresh> make_regular(int dir_fd);
    static Result<Fresh> make_special(int dir_fd, event::Version const& version);

    UniqueFd fd_;
    std::string name_;
};

// As give_own_name(), for the second and later names of a hard-linked object.
std::string further_name(std::uint64_t inode);

// A directory that has its rights from the first moment of its name. None: 0700.
Result<void> make_fresh_directory(int dir_fd, std::string const& name, event::Version const* version);

// A leftover of an undo that was killed, and whether it is only a copy of ours.
bool is_leftover(std::string const& name);
bool is_own_copy(std::string const& name, std::uint64_t inode);

// Rights, owner, attributes, times; everything but the immutable and append-only flags.
// `fd` may be O_PATH.
Result<void> put_metadata(int fd, event::Metadata const& goal);
// Sets and clears the immutable and append-only flags as in `flags`.
Result<void> put_flags(int dir_fd, std::string const& name, std::uint32_t flags);

} // namespace tocsin::undo
