// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/place.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <utility>

#include "tocsin/base/log.h"
#include "tocsin/base/path.h"
#include "tocsin/base/sys.h"

namespace tocsin::answers {

namespace {

constexpr long xfs_magic = 0x58465342;
constexpr long cifs_magic = 0xff534d42;
constexpr long smb2_magic = 0xfe534d42;
constexpr long fuse_magic = 0x65735546;

constexpr std::array<std::pair<long, std::string_view>, 16> known_filesystems{{
    {EXT4_SUPER_MAGIC, "ext4"},
    {xfs_magic, "XFS"},
    {BTRFS_SUPER_MAGIC, "btrfs"},
    {TMPFS_MAGIC, "tmpfs"},
    {RAMFS_MAGIC, "ramfs"},
    {OVERLAYFS_SUPER_MAGIC, "overlay"},
    {fuse_magic, "FUSE"},
    {NFS_SUPER_MAGIC, "NFS"},
    {cifs_magic, "SMB"},
    {smb2_magic, "SMB"},
    {PROC_SUPER_MAGIC, "proc"},
    {SYSFS_MAGIC, "sysfs"},
    {CGROUP2_SUPER_MAGIC, "cgroup"},
    {SQUASHFS_MAGIC, "squashfs"},
    {MSDOS_SUPER_MAGIC, "FAT"},
    {F2FS_SUPER_MAGIC, "F2FS"},
}};

std::string quoted(std::string_view path)
{
    return "'" + printable(path, 4096) + "'";
}

Result<void> check_directory(std::string const& path)
{
    auto opened = sys::open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!opened.ok() && opened.error().errno_value() == ENOTDIR)
        return Error(Errc::invalid, quoted(path) + " is not a directory");
    auto fd = TRY(std::move(opened));
    return check_filesystem(fd.get(), path);
}

Result<void> keep_apart(
    std::string const& path, std::string const& own, std::string_view what, std::string_view option)
{
    if (own.empty())
        return {};
    if (lies_in(own, path))
        return Error(Errc::invalid,
            fmt::format("{} holds the guard's own {} {}: choose another place for it with {}", quoted(path),
                what, quoted(own), option));
    if (lies_in(path, own))
        return Error(
            Errc::invalid, fmt::format("{} lies in the guard's own {} {}", quoted(path), what, quoted(own)));
    return {};
}

Result<void> check_overlap(std::string const& path, std::string const& other, std::string_view other_is)
{
    if (path == other)
        return Error(Errc::exists, fmt::format("{} is {} already", quoted(path), other_is));
    if (lies_in(path, other))
        return Error(Errc::exists,
            fmt::format("{} lies in {}, which is {} already", quoted(path), quoted(other), other_is));
    if (lies_in(other, path))
        return Error(Errc::exists,
            fmt::format("{} holds {}, which is {} already", quoted(path), quoted(other), other_is));
    return {};
}

Result<void> check_beside_remembered(std::string const& path, std::string const& remembered)
{
    if (path == remembered)
        return {}; // it goes on
    auto apart = check_overlap(path, remembered, "remembered as guarded");
    if (apart.ok())
        return {};
    return Error(apart.error().code(),
        fmt::format("{}: 'tocsin unprotect' takes that one off", apart.error().message()));
}

} // namespace

Result<std::string> resolve(std::string const& path)
{
    auto resolved = sys::real_path(path);
    if (!resolved.ok() && resolved.error().code() == Errc::not_found)
        return Error(Errc::not_found, quoted(path) + " does not exist");
    return resolved;
}

std::string filesystem_name(long magic)
{
    auto const* found =
        std::ranges::find(known_filesystems, magic, [](auto const& known) { return known.first; });
    return found != known_filesystems.end() ? std::string(found->second) : fmt::format("{:#x}", magic);
}

bool can_be_guarded(long magic)
{
    return magic == EXT4_SUPER_MAGIC || magic == xfs_magic || magic == BTRFS_SUPER_MAGIC;
}

Result<void> check_filesystem(int fd, std::string const& path)
{
    struct statfs found{};
    if (::fstatfs(fd, &found) != 0)
        return Error::from_errno(errno, "statfs " + quoted(path));
    if (!can_be_guarded(found.f_type))
        return Error(Errc::unsupported,
            fmt::format(
                "{} is on a file system ({}) without the events that guarding needs; ext4, XFS and btrfs "
                "have them",
                quoted(path), filesystem_name(found.f_type)));
    return {};
}

Result<void> check_apart(std::string const& path, Surroundings const& around)
{
    TRY(keep_apart(path, around.state_dir, "state directory", "--state"));
    TRY(keep_apart(path, around.repository, "repository", "--repository"));
    for (auto const& guarded : around.guarded)
        TRY(check_overlap(path, guarded, "guarded"));
    for (auto const& remembered : around.remembered)
        TRY(check_beside_remembered(path, remembered));
    return {};
}

Result<std::vector<std::string>> check_places(std::span<std::string const> paths, Surroundings const& around)
{
    std::vector<std::string> good;
    for (auto const& path : paths) {
        auto resolved = TRY(resolve(path));
        if (std::ranges::find(good, resolved) != good.end())
            continue;
        TRY(check_directory(resolved));
        TRY(check_apart(resolved, around));
        for (auto const& named : good)
            TRY(check_overlap(resolved, named, "named"));
        good.push_back(std::move(resolved));
    }
    return good;
}

} // namespace tocsin::answers
