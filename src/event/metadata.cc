// SPDX-License-Identifier: Apache-2.0
#include "tocsin/event/metadata.h"

#include <linux/stat.h>
#include <sys/sysmacros.h>

namespace tocsin::event {

Stamp stamp_of(Metadata const& metadata)
{
    return {metadata.size, metadata.mtime_ns, metadata.ctime_ns};
}

Stamp stamp_of(struct statx const& s)
{
    return {s.stx_size, sys::to_nanoseconds(s.stx_mtime), sys::to_nanoseconds(s.stx_ctime)};
}

Metadata metadata_of(struct statx const& s)
{
    Metadata out;
    out.mode = s.stx_mode;
    out.uid = s.stx_uid;
    out.gid = s.stx_gid;
    out.links = s.stx_nlink;
    out.size = s.stx_size;
    out.blocks = s.stx_blocks;
    out.inode = s.stx_ino;
    out.device = S_ISCHR(s.stx_mode) || S_ISBLK(s.stx_mode) ? makedev(s.stx_rdev_major, s.stx_rdev_minor) : 0;
    out.mtime_ns = sys::to_nanoseconds(s.stx_mtime);
    out.ctime_ns = sys::to_nanoseconds(s.stx_ctime);
    out.atime_ns = sys::to_nanoseconds(s.stx_atime);
    out.btime_ns = sys::to_nanoseconds(s.stx_btime);
    out.inode_flags =
        static_cast<std::uint32_t>(s.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND));
    return out;
}

Result<Metadata> read_metadata(int fd)
{
    auto s = TRY(sys::stat_fd(fd));
    auto out = metadata_of(s);
    if (S_ISLNK(out.mode))
        out.link_target = TRY(sys::read_link_at(fd, ""));
    else
        out.xattrs = TRY(sys::xattrs_of(fd));
    return out;
}

bool same_rights(Metadata const& a, Metadata const& b)
{
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.inode_flags == b.inode_flags
        && a.xattrs == b.xattrs;
}

} // namespace tocsin::event
