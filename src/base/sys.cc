// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/sys.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <dirent.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace tocsin::sys {
namespace {

// The call again until no signal interrupts it.
template <typename Call>
auto uninterrupted(Call call)
{
    decltype(call()) out;
    do {
        out = call();
    } while (out < 0 && errno == EINTR);
    return out;
}

Error errno_error(std::string_view call, std::string const& object)
{
    int number = errno;
    return Error::from_errno(number, fmt::format("{} '{}'", call, object));
}

Error errno_error(std::string_view call)
{
    return Error::from_errno(errno, call);
}

struct CloseDir {
    void operator()(DIR* dir) const { (void)::closedir(dir); }
};

} // namespace

Result<UniqueFd> open_at(int dir_fd, std::string const& path, int flags, mode_t mode)
{
    int fd = uninterrupted([&] { return ::openat(dir_fd, path.c_str(), flags | O_CLOEXEC, mode); });
    if (fd < 0)
        return errno_error("openat", path);
    return UniqueFd(fd);
}

Result<UniqueFd> open_at(int dir_fd, std::string const& path, int flags)
{
    return open_at(dir_fd, path, flags, 0);
}

Result<UniqueFd> open_at2(int dir_fd, std::string const& path, int flags, std::uint64_t resolve)
{
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = resolve;
    auto const fd =
        uninterrupted([&] { return ::syscall(SYS_openat2, dir_fd, path.c_str(), &how, sizeof(how)); });
    if (fd < 0)
        return errno_error("openat2", path);
    return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> open(std::string const& path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

Result<UniqueFd> open(std::string const& path, int flags, mode_t mode)
{
    return open_at(AT_FDCWD, path, flags, mode);
}

Result<UniqueFd> duplicate(int fd)
{
    int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return errno_error("fcntl F_DUPFD_CLOEXEC");
    return UniqueFd(copy);
}

Result<struct statx> stat_at(int dir_fd, std::string const& path, int flags)
{
    struct statx out;
    if (::statx(dir_fd, path.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &out) != 0)
        return errno_error("statx", path);
    return out;
}

Result<struct statx> stat_fd(int fd)
{
    return stat_at(fd, "", AT_EMPTY_PATH);
}

std::int64_t to_nanoseconds(statx_timestamp const& t)
{
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

std::uint64_t device_of(struct statx const& s)
{
    return makedev(s.stx_dev_major, s.stx_dev_minor);
}

Result<std::size_t> read_some(int fd, std::span<std::byte> into)
{
    auto n = uninterrupted([&] { return ::read(fd, into.data(), into.size()); });
    if (n < 0)
        return errno_error("read");
    return static_cast<std::size_t>(n);
}

Result<std::size_t> read_at(int fd, std::span<std::byte> into, std::uint64_t offset)
{
    std::size_t done = 0;
    while (done < into.size()) {
        auto n = uninterrupted([&] {
            return ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        });
        if (n < 0)
            return errno_error("pread");
        if (n == 0)
            break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

Result<void> write_all(int fd, ByteView bytes)
{
    while (!bytes.empty()) {
        auto n = uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
        if (n < 0)
            return errno_error("write");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> write_all_at(int fd, ByteView bytes, std::uint64_t offset)
{
    while (!bytes.empty()) {
        auto n = uninterrupted(
            [&] { return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
        if (n < 0)
            return errno_error("pwrite");
        offset += static_cast<std::uint64_t>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> sync(int fd)
{
    if (uninterrupted([&] { return ::fsync(fd); }) != 0)
        return errno_error("fsync");
    return {};
}

Result<void> truncate(int fd, std::uint64_t size)
{
    if (uninterrupted([&] { return ::ftruncate(fd, static_cast<off_t>(size)); }) != 0)
        return errno_error("ftruncate");
    return {};
}

Result<Bytes> read_file_at(int dir_fd, std::string const& path, std::size_t limit_bytes)
{
    auto fd = TRY(open_at(dir_fd, path, O_RDONLY));
    Bytes out;
    std::byte chunk[16384];
    for (;;) {
        auto n = TRY(read_some(fd.get(), chunk).context("read '" + path + "'"));
        if (n == 0)
            return out;
        if (out.size() + n > limit_bytes)
            return Error(Errc::full, fmt::format("'{}' is larger than {} bytes", path, limit_bytes));
        out.insert(out.end(), chunk, chunk + n);
    }
}

Result<std::string> read_text(std::string const& path, std::size_t limit_bytes)
{
    auto bytes = TRY(read_file_at(AT_FDCWD, path, limit_bytes));
    return std::string(as_text(bytes));
}

Result<void> write_file_durably(int dir_fd, std::string const& name, ByteView bytes, mode_t mode)
{
    auto temp = fmt::format("{}.tmp-{}", name, ::getpid());
    auto fd = TRY(open_at(dir_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
    auto written = [&]() -> Result<void> {
        TRY(write_all(fd.get(), bytes));
        TRY(sync(fd.get()));
        TRY(rename_at(dir_fd, temp, dir_fd, name));
        auto slash = name.rfind('/');
        auto parent = TRY(open_at(
            dir_fd, slash == std::string::npos ? "." : name.substr(0, slash), O_RDONLY | O_DIRECTORY));
        return sync(parent.get());
    }();
    if (!written.ok())
        (void)remove_at(dir_fd, temp, 0);
    return std::move(written).context("write '" + name + "'");
}

Result<void> make_dir_at(int dir_fd, std::string const& path, mode_t mode)
{
    if (::mkdirat(dir_fd, path.c_str(), mode) != 0)
        return errno_error("mkdirat", path);
    return {};
}

Result<void> make_dirs(std::string const& path, mode_t mode)
{
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        auto part = path.substr(0, end);
        if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST)
            return errno_error("mkdir", part);
        if (end == std::string::npos)
            return {};
    }
}

Result<void> remove_at(int dir_fd, std::string const& path, int flags)
{
    if (::unlinkat(dir_fd, path.c_str(), flags) != 0)
        return errno_error("unlinkat", path);
    return {};
}

Result<void> rename_at(int from_fd, std::string const& from, int to_fd, std::string const& to)
{
    return rename_at2(from_fd, from, to_fd, to, 0);
}

Result<void> rename_at2(
    int from_fd, std::string const& from, int to_fd, std::string const& to, unsigned flags)
{
    if (::renameat2(from_fd, from.c_str(), to_fd, to.c_str(), flags) != 0)
        return errno_error("renameat2", from);
    return {};
}

Result<void> link_at(int from_fd, std::string const& from, int to_fd, std::string const& to, int flags)
{
    if (::linkat(from_fd, from.c_str(), to_fd, to.c_str(), flags) != 0)
        return errno_error("linkat", to);
    return {};
}

Result<void> symlink_at(std::string const& target, int dir_fd, std::string const& path)
{
    if (::symlinkat(target.c_str(), dir_fd, path.c_str()) != 0)
        return errno_error("symlinkat", path);
    return {};
}

Result<std::string> read_link_at(int dir_fd, std::string const& path)
{
    char buffer[PATH_MAX];
    auto n = ::readlinkat(dir_fd, path.c_str(), buffer, sizeof(buffer));
    if (n < 0)
        return errno_error("readlinkat", path);
    return std::string(buffer, static_cast<std::size_t>(n));
}

Result<std::string> real_path(std::string const& path)
{
    std::unique_ptr<char, decltype(&std::free)> out(::realpath(path.c_str(), nullptr), &std::free);
    if (!out)
        return errno_error("realpath", path);
    return std::string(out.get());
}

Result<std::vector<DirEntry>> list_dir(int dir_fd)
{
    auto own = TRY(open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY));
    std::unique_ptr<DIR, CloseDir> dir(::fdopendir(own.get()));
    if (!dir)
        return errno_error("fdopendir");
    (void)own.release();
    std::vector<DirEntry> out;
    for (;;) {
        errno = 0;
        auto const* entry = ::readdir(dir.get());
        if (entry == nullptr) {
            if (errno != 0)
                return errno_error("readdir");
            return out;
        }
        std::string_view name(entry->d_name);
        if (name != "." && name != "..")
            out.push_back({std::string(name), entry->d_ino, entry->d_type});
    }
}

namespace {

// Each with a zero after it, as listxattr(2) gives them.
Result<std::string> xattr_names(std::string const& path)
{
    std::string names;
    ssize_t size = 0;
    do {
        size = ::listxattr(path.c_str(), nullptr, 0);
        if (size <= 0)
            break;
        names.resize(static_cast<std::size_t>(size));
        size = ::listxattr(path.c_str(), names.data(), names.size());
    } while (size < 0 && errno == ERANGE);
    if (size < 0) {
        if (errno == EOPNOTSUPP)
            return std::string{};
        if (errno == E2BIG) { // more than 64 KiB of names
            using namespace std::string_literals;
            return "security.NTACL\0security.capability\0security.ima\0security.selinux\0"
                   "system.posix_acl_access\0system.posix_acl_default\0user.DOSATTRIB\0"s;
        }
        return errno_error("listxattr");
    }
    names.resize(static_cast<std::size_t>(size));
    return names;
}

} // namespace

Result<Xattrs> xattrs_of(int fd)
{
    auto path = fd_path(fd);
    auto list = TRY(xattr_names(path));
    std::vector<std::string> names;
    for (std::size_t at = 0; at < list.size(); at += names.back().size() + 1)
        names.emplace_back(&list[at]);
    std::ranges::sort(names);

    Xattrs out;
    std::size_t left = xattrs_limit_bytes;
    for (auto& name : names) {
        if (name.size() > left)
            continue;
        Bytes value(std::min<std::size_t>(left - name.size(), XATTR_SIZE_MAX));
        // Of no bytes at all it would tell the size instead: then one too many.
        value.resize(std::max<std::size_t>(value.size(), 1));
        auto n = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
        if (n < 0) {
            bool is_too_large = errno == ERANGE || errno == E2BIG;
            if (is_too_large || errno == ENODATA || errno == EPERM || errno == EACCES || errno == EOPNOTSUPP)
                continue; // or gone meanwhile, or not ours to see
            return errno_error("getxattr", name);
        }
        auto size = static_cast<std::size_t>(n);
        if (name.size() + size > left)
            continue;
        left -= name.size() + size;
        value.resize(size);
        value.shrink_to_fit();
        out.emplace_back(std::move(name), std::move(value));
    }
    return out;
}

Result<void> set_xattr(int fd, std::string const& name, ByteView value)
{
    if (::setxattr(fd_path(fd).c_str(), name.c_str(), value.data(), value.size(), 0) != 0)
        return errno_error("setxattr", name);
    return {};
}

Result<void> remove_xattr(int fd, std::string const& name)
{
    // XFS lists an access list under two names, which go together.
    if (::removexattr(fd_path(fd).c_str(), name.c_str()) != 0 && errno != ENODATA)
        return errno_error("removexattr", name);
    return {};
}

Result<FileHandle> handle_of(int fd)
{
    return handle_at(fd, "");
}

Result<FileHandle> handle_at(int dir_fd, std::string const& path)
{
    alignas(file_handle) char buffer[sizeof(file_handle) + MAX_HANDLE_SZ];
    auto* handle = reinterpret_cast<file_handle*>(buffer);
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount_id = 0;
    if (::name_to_handle_at(dir_fd, path.c_str(), handle, &mount_id, AT_EMPTY_PATH) != 0)
        return errno_error("name_to_handle_at", path);
    auto raw = std::as_bytes(std::span(handle->f_handle, handle->handle_bytes));
    return FileHandle{handle->handle_type, to_bytes(raw)};
}

Result<UniqueFd> open_by_handle(int mount_fd, FileHandle const& handle, int flags)
{
    alignas(file_handle) char buffer[sizeof(file_handle) + MAX_HANDLE_SZ];
    if (handle.bytes.size() > MAX_HANDLE_SZ)
        return Error(Errc::invalid, "a file handle is longer than the kernel's");
    auto* raw = reinterpret_cast<file_handle*>(buffer);
    raw->handle_bytes = static_cast<unsigned>(handle.bytes.size());
    raw->handle_type = handle.type;
    std::memcpy(raw->f_handle, handle.bytes.data(), handle.bytes.size());
    int fd = uninterrupted([&] { return ::open_by_handle_at(mount_fd, raw, flags | O_CLOEXEC); });
    if (fd < 0)
        return errno_error("open_by_handle_at");
    return UniqueFd(fd);
}

Result<std::uint64_t> filesystem_id(int fd)
{
    struct statfs s;
    if (uninterrupted([&] { return ::fstatfs(fd, &s); }) != 0)
        return errno_error("fstatfs");
    std::uint32_t parts[2];
    static_assert(sizeof(s.f_fsid) == sizeof(parts));
    std::memcpy(parts, &s.f_fsid, sizeof(parts));
    return parts[0] | (static_cast<std::uint64_t>(parts[1]) << 32);
}

Result<bool> is_mount_point(std::string const& path)
{
    auto directory = TRY(open(path, O_PATH | O_DIRECTORY));
    auto status = TRY(stat_fd(directory.get()));
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<Space> space_of(int fd)
{
    struct statvfs s;
    if (uninterrupted([&] { return ::fstatvfs(fd, &s); }) != 0)
        return errno_error("fstatvfs");
    return Space{s.f_blocks * s.f_frsize, s.f_bavail * s.f_frsize};
}

std::string fd_path(int fd)
{
    return fmt::format("/proc/self/fd/{}", fd);
}

} // namespace tocsin::sys
