// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/cgroup_names.h"

#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t names_limit = 4096;
constexpr int kernfs_handle_type = 0xfe; // FILEID_KERNFS of linux/exportfs.h: the handle is the id

} // namespace

CgroupNames CgroupNames::open()
{
    auto mount = proc::cgroup_mount();
    if (!mount.ok())
        return {"", UniqueFd()};
    auto path = mount.take();
    auto fd = sys::open(path, O_RDONLY | O_DIRECTORY);
    return {std::move(path), fd.ok() ? fd.take() : UniqueFd()};
}

std::string CgroupNames::path_of(std::uint64_t id)
{
    if (auto known = paths_.find(id); known != paths_.end())
        return known->second;
    if (!fd_ || id == 0)
        return {};
    auto raw = std::as_bytes(std::span(&id, 1));
    auto dir = sys::open_by_handle(fd_.get(), {kernfs_handle_type, to_bytes(raw)}, O_PATH);
    if (!dir.ok())
        return {};
    auto held = dir.take(); // open until its link has been read
    auto link = sys::read_link_at(AT_FDCWD, sys::fd_path(held.get()));
    if (!link.ok())
        return {};
    auto path = link.take();
    if (!path.starts_with(mount_))
        return {};
    path.erase(0, mount_.size());
    if (path.empty())
        path = "/";
    remember(id, path);
    return path;
}

std::uint64_t CgroupNames::id_of(std::string const& path)
{
    if (!fd_)
        return 0;
    auto found = sys::stat_at(fd_.get(), "." + path, AT_SYMLINK_NOFOLLOW);
    return found.ok() ? found.take().stx_ino : 0;
}

// Only id to path: a path may be made anew with another id, an id never gets another path.
void CgroupNames::remember(std::uint64_t id, std::string const& path)
{
    if (paths_.size() >= names_limit)
        paths_.clear();
    paths_.emplace(id, path);
}

} // namespace tocsin::sensor
