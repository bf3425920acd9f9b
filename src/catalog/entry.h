// SPDX-License-Identifier: Apache-2.0
// catalog/entry.h -- what the catalog keeps of one object.
#pragma once

#include <cstdint>

#include "tocsin/base/digest.h"
#include "tocsin/event/version.h"

namespace tocsin::catalog {

// Which programs made an object. The number means something only to whoever gave it (the
// verdict's ProcessTree); the catalog keeps it. Zero: not known.
using MakerId = event::StrongId<struct MakerTag, std::uint32_t>;

struct Link;
struct Directory;

// How the object came to be here.
struct Origin {
    // Of an object that was made while we watched. Of one made while no guard ran: not known, but
    // begun by the birth of the object.
    event::ProcessKey creator;
    WallTime time{}; // when it was made, or found after an absence; zero for what was there before
    MakerId maker;
    bool existed = true; // the walk found it, or it was moved in
};

// One object. Kept compact: at most 240 bytes, and its first name 128 (see README).
struct Entry {
    event::ObjectId id;
    event::RootId root;
    Sha256 digest; // of the newest version
    event::ContentFacts facts; // of the newest version
    Link* names = nullptr; // borrowed; none: the object is gone, or its name is yet to come
    Directory* directory = nullptr; // borrowed; of a directory that ever had a child
    std::uint64_t size = 0; // of the newest version, where there is one
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0; // zero: not known
    std::uint64_t xattr_hash = 0; // over names and values
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t inode_flags = 0;
    std::uint32_t links = 0;
    std::uint8_t xattr_count = 0; // 255: that many or more
    event::ObjectKind kind = event::ObjectKind::other;
    bool has_version : 1 = false; // digest and facts are known
    bool has_metadata : 1 = false;
    bool is_gone : 1 = false; // its last name was taken away; false too while its first is yet to come
    Origin origin;

    bool is_here() const { return names != nullptr; }
};

// What same_rights() compares, without the attributes themselves.
std::uint64_t hash_of(sys::Xattrs const& xattrs);

} // namespace tocsin::catalog
