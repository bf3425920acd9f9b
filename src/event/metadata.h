// SPDX-License-Identifier: Apache-2.0
// event/metadata.h -- everything about an object but its content and its names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/base/sys.h"
#include "tocsin/event/object.h"

namespace tocsin::event {

// As statx(2) tells it. Times are nanoseconds since 1970 UTC. POSIX ACLs are the extended
// attributes system.posix_acl_access and system.posix_acl_default.
struct Metadata {
    std::uint32_t mode = 0; // st_mode, with the file type
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t links = 0;
    std::uint64_t size = 0; // bytes
    std::uint64_t blocks = 0; // of 512 bytes, as allocated
    std::uint64_t inode = 0;
    std::uint64_t device = 0; // of a device node
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::int64_t atime_ns = 0;
    std::int64_t btime_ns = 0;
    std::uint32_t inode_flags = 0; // STATX_ATTR_IMMUTABLE, STATX_ATTR_APPEND
    sys::Xattrs xattrs; // sorted by name
    std::string link_target; // of a symlink

    bool operator==(Metadata const&) const = default;
};

// What a stat(2) call can tell cheaply about whether an object changed since.
struct Stamp {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    bool operator==(Stamp const&) const = default;
};

Stamp stamp_of(Metadata const& metadata);
Stamp stamp_of(struct statx const& s);

// Everything of `fd` (also O_PATH) in one place: statx, attributes and link target.
Result<Metadata> read_metadata(int fd);

// Only what statx tells; no attributes and no link target.
Metadata metadata_of(struct statx const& s);

// Whether rights and labels are the same: mode, owner, inode flags, extended attributes. Times and
// sizes do not count.
bool same_rights(Metadata const& a, Metadata const& b);

} // namespace tocsin::event
