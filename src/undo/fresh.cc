// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/fresh.h"

#include <algorithm>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

namespace tocsin::undo {
namespace {

using event::Metadata;
using event::Version;

std::string random_name()
{
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof(number), 0) != static_cast<ssize_t>(sizeof(number)))
        std::abort();
    return fmt::format("{}x{:016x}", fresh_prefix, number);
}

std::string own_name(std::uint64_t inode)
{
    return fmt::format("{}{}", fresh_prefix, inode);
}

bool is_zero(ByteView bytes)
{
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// Of `piece`, which begins at `offset`, only what lies in data extents.
Result<void> write_piece(int fd, ByteView piece, std::uint64_t offset, Version const& version)
{
    auto const& m = version.metadata;
    if (version.extents.empty()) {
        bool all_hole = m.blocks == 0 && is_zero(piece);
        return all_hole ? Result<void>{} : sys::write_all_at(fd, piece, offset);
    }
    auto end = offset + piece.size();
    for (auto const& extent : version.extents) {
        auto from = std::max(offset, extent.offset);
        auto to = std::min(end, extent.offset + extent.length);
        if (from < to)
            TRY(sys::write_all_at(fd, piece.subspan(from - offset, to - from), from));
    }
    return {};
}

Result<void> write_content(int fd, Version const& version, ContentSource& source)
{
    std::uint64_t offset = 0;
    for (auto const& blob : version.content) {
        auto piece = TRY(source.load(blob));
        TRY(write_piece(fd, piece, offset, version));
        offset += piece.size();
    }
    if (offset != version.metadata.size)
        return Error(Errc::corrupt,
            fmt::format("the kept content has {} bytes instead of {}", offset, version.metadata.size));
    if (!version.extents.empty() || version.metadata.blocks == 0)
        return sys::truncate(fd, version.metadata.size);
    return {};
}

timespec to_timespec(std::int64_t ns)
{
    static constexpr std::int64_t second = 1'000'000'000;
    auto rest = ns % second;
    auto whole = ns / second;
    if (rest < 0)
        rest += second, --whole;
    return {whole, rest};
}

Result<void> put_times(int fd, Metadata const& goal)
{
    timespec times[2] = {to_timespec(goal.atime_ns), to_timespec(goal.mtime_ns)};
    if (::utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
        return {};
    // Kernels before 5.8 do not take an O_PATH descriptor.
    if (S_ISLNK(goal.mode) || ::utimensat(AT_FDCWD, sys::fd_path(fd).c_str(), times, 0) != 0)
        return Error::from_errno(errno, "utimensat");
    return {};
}

// Labels that the system itself keeps cannot be taken away; ours are.
bool is_removable(std::string const& attribute)
{
    return !attribute.starts_with("security.") || attribute == "security.capability";
}

Result<void> put_attributes(int fd, Metadata const& goal)
{
    auto now = TRY(sys::xattrs_of(fd));
    for (auto const& [name, value] : now) {
        bool wanted = std::ranges::any_of(goal.xattrs, [&](auto const& x) { return x.first == name; });
        if (!wanted && is_removable(name))
            TRY(sys::remove_xattr(fd, name));
    }
    for (auto const& attribute : goal.xattrs)
        if (std::ranges::find(now, attribute) == now.end())
            TRY(sys::set_xattr(fd, attribute.first, attribute.second));
    return {};
}

// Between the making and the opening of a name, who may write to the directory can swap it.
Result<void> expect_just_made(int fd, std::uint32_t type)
{
    auto stat = TRY(sys::stat_fd(fd));
    bool is_ours = (stat.stx_mode & S_IFMT) == type && stat.stx_uid == ::geteuid()
        && (type == S_IFDIR || stat.stx_nlink == 1);
    return is_ours ? Result<void>{}
                   : Error(Errc::again, "others put something in the place of what was made");
}

} // namespace

bool is_leftover(std::string const& name)
{
    return name.starts_with(fresh_prefix);
}

bool is_own_copy(std::string const& name, std::uint64_t inode)
{
    return name == own_name(inode) || name == further_name(inode);
}

std::string further_name(std::uint64_t inode)
{
    return own_name(inode) + "-link";
}

Result<void> put_metadata(int fd, Metadata const& goal)
{
    auto stat = TRY(sys::stat_fd(fd));
    bool chowned = stat.stx_uid != goal.uid || stat.stx_gid != goal.gid;
    if (chowned && ::fchownat(fd, "", goal.uid, goal.gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0)
        return Error::from_errno(errno, "fchownat");
    if (!S_ISLNK(goal.mode)) {
        TRY(put_attributes(fd, goal));
        stat = TRY(sys::stat_fd(fd));
        bool other_mode = (stat.stx_mode & 07777U) != (goal.mode & 07777U);
        if ((chowned || other_mode) && ::chmod(sys::fd_path(fd).c_str(), goal.mode & 07777U) != 0)
            return Error::from_errno(errno, "chmod");
    }
    return put_times(fd, goal);
}

Result<void> put_flags(int dir_fd, std::string const& name, std::uint32_t flags)
{
    static_assert(STATX_ATTR_IMMUTABLE == FS_IMMUTABLE_FL && STATX_ATTR_APPEND == FS_APPEND_FL);
    static constexpr unsigned mask = FS_IMMUTABLE_FL | FS_APPEND_FL;
    auto fd = TRY(sys::open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    unsigned now = 0;
    if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &now) != 0)
        return Error::from_errno(errno, "ioctl FS_IOC_GETFLAGS");
    unsigned wanted = (now & ~mask) | (flags & mask);
    if (wanted != now && ::ioctl(fd.get(), FS_IOC_SETFLAGS, &wanted) != 0)
        return Error::from_errno(errno, "ioctl FS_IOC_SETFLAGS");
    return {};
}

Result<Fresh> Fresh::make_regular(int dir_fd)
{
    Fresh out;
    auto fd = sys::open_at(dir_fd, ".", O_TMPFILE | O_RDWR, 0600);
    if (fd.ok()) {
        out.fd_ = fd.take();
        return out;
    }
    int number = fd.error().errno_value();
    if (number != EOPNOTSUPP && number != EISDIR && number != EINVAL)
        return fd.take_error();
    out.name_ = random_name();
    out.fd_ = TRY(sys::open_at(dir_fd, out.name_, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0600));
    return out;
}

Result<Fresh> Fresh::make_special(int dir_fd, Version const& version)
{
    Fresh out;
    out.name_ = random_name();
    auto const& m = version.metadata;
    if (S_ISLNK(m.mode))
        TRY(sys::symlink_at(m.link_target, dir_fd, out.name_));
    else if (::mknodat(dir_fd, out.name_.c_str(), (m.mode & S_IFMT) | 0600U, m.device) != 0)
        return Error::from_errno(errno, "mknodat");
    out.fd_ = TRY(sys::open_at(dir_fd, out.name_, O_PATH | O_NOFOLLOW));
    TRY(expect_just_made(out.fd_.get(), m.mode & S_IFMT));
    return out;
}

Result<void> make_fresh_directory(int dir_fd, std::string const& name, Version const* version)
{
    if (version == nullptr)
        return sys::make_dir_at(dir_fd, name, 0700);
    auto passing = random_name();
    TRY(sys::make_dir_at(dir_fd, passing, 0700));
    auto named = [&]() -> Result<void> {
        auto fd = TRY(sys::open_at(dir_fd, passing, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        TRY(expect_just_made(fd.get(), S_IFDIR));
        TRY(put_metadata(fd.get(), version->metadata));
        return sys::rename_at2(dir_fd, passing, dir_fd, name, RENAME_NOREPLACE);
    }();
    if (!named.ok())
        (void)sys::remove_at(dir_fd, passing, AT_REMOVEDIR);
    return named;
}

Result<Fresh> Fresh::make(int dir_fd, Version const& version, ContentSource& source)
{
    bool regular = version.kind() == event::ObjectKind::regular;
    auto out = TRY(regular ? make_regular(dir_fd) : make_special(dir_fd, version));
    auto filled = [&]() -> Result<void> {
        if (regular)
            TRY(write_content(out.fd_.get(), version, source));
        return put_metadata(out.fd_.get(), version.metadata);
    }();
    if (!filled.ok()) {
        if (!out.name_.empty())
            (void)sys::remove_at(dir_fd, out.name_, 0);
        return filled.take_error();
    }
    return out;
}

Result<void> Fresh::give_name(int dir_fd, std::string const& name)
{
    if (name_.empty())
        return sys::link_at(AT_FDCWD, sys::fd_path(fd_.get()), dir_fd, name, AT_SYMLINK_FOLLOW);
    TRY(sys::rename_at2(dir_fd, name_, dir_fd, name, RENAME_NOREPLACE));
    name_.clear();
    return {};
}

Result<std::string> Fresh::give_own_name(int dir_fd)
{
    if (!name_.empty())
        return name_;
    auto stat = TRY(sys::stat_fd(fd_.get()));
    auto name = own_name(stat.stx_ino);
    TRY(sys::link_at(AT_FDCWD, sys::fd_path(fd_.get()), dir_fd, name, AT_SYMLINK_FOLLOW));
    name_ = name;
    return name;
}

} // namespace tocsin::undo
