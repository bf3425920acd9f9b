// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/verify.h"

#include "tocsin/undo/quarantine.h"

namespace tocsin::undo {
namespace {

using event::ObjectKind;

Result<Sameness> compare_metadata(Found const& found, event::Version const& goal)
{
    auto now = TRY(event::read_metadata(found.fd.get()));
    bool same = event::same_rights(now, goal.metadata) && now.mtime_ns == goal.metadata.mtime_ns;
    return same ? Sameness::same : Sameness::other_metadata;
}

} // namespace

Result<Sameness> compare(int dir_fd, std::string const& name, Found const& found, event::Version const& goal)
{
    if (found.kind() != goal.kind())
        return Sameness::other_content;
    if (found.kind() == ObjectKind::regular) {
        if (found.stat.stx_size != goal.metadata.size)
            return Sameness::other_content;
        auto digest = TRY(digest_of(dir_fd, name));
        if (digest != goal.digest)
            return Sameness::other_content;
    }
    if (found.kind() == ObjectKind::symlink) {
        auto target = TRY(sys::read_link_at(found.fd.get(), ""));
        if (target != goal.metadata.link_target)
            return Sameness::other_content;
    }
    return compare_metadata(found, goal);
}

Result<Sameness> compare_quickly(
    int dir_fd, std::string const& name, Found const& found, event::Version const& goal)
{
    if (found.kind() != goal.kind())
        return Sameness::other_content;
    if (found.kind() == ObjectKind::regular
        && (found.stat.stx_size != goal.metadata.size
            || sys::to_nanoseconds(found.stat.stx_mtime) != goal.metadata.mtime_ns))
        return Sameness::other_content;
    return compare(dir_fd, name, found, goal);
}

} // namespace tocsin::undo
