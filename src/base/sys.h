// SPDX-License-Identifier: Apache-2.0
// base/sys.h -- one wrapper a system call: EINTR retried, errno told, O_CLOEXEC always.
//
// Paths that others control are opened with O_NOFOLLOW|O_NONBLOCK by the caller, and the
// object is checked on the descriptor after opening, never on the path before.
#pragma once

#include <cstdint>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "tocsin/base/bytes.h"
#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::sys {

// With a mode where `flags` may make a file (O_CREAT, O_TMPFILE), without one elsewhere.
Result<UniqueFd> open_at(int dir_fd, std::string const& path, int flags);
Result<UniqueFd> open_at(int dir_fd, std::string const& path, int flags, mode_t mode);
Result<UniqueFd> open_at2(
    int dir_fd, std::string const& path, int flags, std::uint64_t resolve); // openat2(2)
Result<UniqueFd> open(std::string const& path, int flags);
Result<UniqueFd> open(std::string const& path, int flags, mode_t mode);
Result<UniqueFd> duplicate(int fd);

Result<struct statx> stat_fd(int fd); // also of an O_PATH descriptor; all basic fields and btime
Result<struct statx> stat_at(int dir_fd, std::string const& path, int flags);
std::int64_t to_nanoseconds(statx_timestamp const& t);
std::uint64_t device_of(struct statx const& s); // makedev of the file system

Result<std::size_t> read_some(int fd, std::span<std::byte> into);
Result<std::size_t> read_at(int fd, std::span<std::byte> into, std::uint64_t offset); // until full or end
Result<void> write_all(int fd, ByteView bytes);
Result<void> write_all_at(int fd, ByteView bytes, std::uint64_t offset);
Result<void> sync(int fd); // fsync
Result<void> truncate(int fd, std::uint64_t size);

// Whole small files. `limit_bytes` bounds what a hostile or endless file can make us take.
Result<Bytes> read_file_at(int dir_fd, std::string const& path, std::size_t limit_bytes);
Result<std::string> read_text(std::string const& path, std::size_t limit_bytes);

// Temp file beside it, fsync, rename over, fsync of the directory.
Result<void> write_file_durably(int dir_fd, std::string const& name, ByteView bytes, mode_t mode);

Result<void> make_dir_at(int dir_fd, std::string const& path, mode_t mode);
Result<void> make_dirs(std::string const& path, mode_t mode); // as mkdir -p
Result<void> remove_at(int dir_fd, std::string const& path, int flags); // unlinkat
Result<void> rename_at(int from_fd, std::string const& from, int to_fd, std::string const& to);
Result<void> rename_at2(
    int from_fd, std::string const& from, int to_fd, std::string const& to, unsigned flags);
Result<void> link_at(int from_fd, std::string const& from, int to_fd, std::string const& to, int flags);
Result<void> symlink_at(std::string const& target, int dir_fd, std::string const& path);
Result<std::string> read_link_at(int dir_fd, std::string const& path); // "" reads the descriptor itself
Result<std::string> real_path(std::string const& path);

// Names in a directory but "." and "..", in the kernel's order.
struct DirEntry {
    std::string name;
    std::uint64_t inode = 0;
    unsigned char type = 0; // DT_*
};
Result<std::vector<DirEntry>> list_dir(int dir_fd);

// The extended attributes that this process may see, sorted by name. `fd` may be O_PATH.
// Bounds: names and values of `xattrs_limit_bytes` together. Who does not fit is left out, in the
// order of the names, so that "security", "system" and "trusted" come before "user". Where the
// names are too long for listxattr(2) itself, only those of rights and labels are read.
inline constexpr std::size_t xattrs_limit_bytes = 256 * 1024;
using Xattrs = std::vector<std::pair<std::string, Bytes>>;
Result<Xattrs> xattrs_of(int fd);
Result<void> set_xattr(int fd, std::string const& name, ByteView value);
Result<void> remove_xattr(int fd, std::string const& name);

// A file handle (name_to_handle_at), the identity of an object within its file system: it
// contains the inode's generation, so a reused inode number is another object.
struct FileHandle {
    std::int32_t type = 0;
    Bytes bytes; // at most MAX_HANDLE_SZ (128)
    auto operator<=>(FileHandle const&) const = default;
};
Result<FileHandle> handle_of(int fd); // also of an O_PATH descriptor
Result<FileHandle> handle_at(int dir_fd, std::string const& path); // "": of dir_fd; a symlink's is its own
Result<UniqueFd> open_by_handle(int mount_fd, FileHandle const& handle, int flags);
Result<std::uint64_t> filesystem_id(int fd); // statfs f_fsid as fanotify reports it: val[0] | val[1] << 32

struct Space {
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0; // for unprivileged users
};
Result<Space> space_of(int fd);
// Whether a file system is mounted at this very place: "/" of a chroot need not be one.
Result<bool> is_mount_point(std::string const& path);

// "/proc/self/fd/N": names the object of a descriptor where only a path is taken.
std::string fd_path(int fd);

} // namespace tocsin::sys
