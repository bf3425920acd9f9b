// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/backend/local.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "tocsin/base/random.h"
#include "tocsin/base/sys.h"

namespace tocsin::vault {
namespace {

// The largest file we take whole: far above any index restic writes.
constexpr std::uint64_t whole_file_limit = 1ULL << 30;
constexpr mode_t dir_mode = 0700;
constexpr mode_t file_mode = 0600;
constexpr std::string_view staging_dir = "staging";

std::string dir_of(FileKind kind)
{
    switch (kind) {
    case FileKind::config:
        return ".";
    case FileKind::key:
        return "keys";
    case FileKind::snapshot:
        return "snapshots";
    case FileKind::index:
        return "index";
    case FileKind::lock:
        return "locks";
    case FileKind::pack:
        return "data";
    }
    std::abort();
}

std::string dir_of(FileKind kind, std::string const& name)
{
    return kind == FileKind::pack ? "data/" + name.substr(0, 2) : dir_of(kind);
}

std::string path_of(FileKind kind, std::string const& name)
{
    return kind == FileKind::config ? name : dir_of(kind, name) + "/" + name;
}

std::string staged_path(std::string const& name)
{
    return fmt::format("{}/{}", staging_dir, name);
}

Result<Bytes> read_exactly(int fd, std::uint64_t offset, std::size_t length)
{
    auto const info = TRY(sys::stat_fd(fd));
    if (offset > info.stx_size || length > info.stx_size - offset)
        return Error(Errc::corrupt,
            fmt::format("{} bytes from {} on lie past its end at {}", length, offset, info.stx_size));
    Bytes out(length);
    auto const n = TRY(sys::read_at(fd, out, offset));
    if (n != length)
        return Error(Errc::corrupt, "it became shorter while it was read");
    return out;
}

Result<void> sync_dir(int root_fd, std::string const& path)
{
    auto const fd = TRY(sys::open_at(root_fd, path, O_RDONLY | O_DIRECTORY));
    return sys::sync(fd.get());
}

Result<void> ensure_dir(int root_fd, std::string const& path)
{
    auto made = sys::make_dir_at(root_fd, path, dir_mode);
    if (!made.ok() && made.error().code() != Errc::exists)
        return made;
    return {};
}

class LocalStagedFile final : public StagedFile {
public:
    LocalStagedFile(UniqueFd root, UniqueFd fd, std::string path, std::uint64_t size)
        : root_(std::move(root)), fd_(std::move(fd)), path_(std::move(path)), size_(size)
    {
    }

    Result<void> append(ByteView bytes) override
    {
        TRY(check_unpublished());
        auto written = sys::write_all_at(fd_.get(), bytes, size_);
        if (!written.ok()) {
            // What was written of it goes; should this fail too, the next append covers it.
            (void)sys::truncate(fd_.get(), size_);
            return std::move(written).context("append to '" + path_ + "'");
        }
        size_ += bytes.size();
        return {};
    }

    Result<void> truncate(std::uint64_t size) override
    {
        TRY(check_unpublished());
        TRY(sys::truncate(fd_.get(), size).context("truncate '" + path_ + "'"));
        size_ = size;
        return {};
    }

    std::uint64_t size() const override { return size_; }

    Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const override
    {
        return read_exactly(fd_.get(), offset, length).context("read '" + path_ + "'");
    }

    Result<void> publish(FileKind kind, std::string const& name) override
    {
        TRY(check_file_name(kind, name));
        TRY(sys::sync(fd_.get()).context("publish '" + path_ + "'"));
        if (kind == FileKind::pack)
            TRY(ensure_dir(root_.get(), dir_of(kind, name)));
        auto const to = path_of(kind, name);
        TRY(sys::rename_at2(root_.get(), path_, root_.get(), to, RENAME_NOREPLACE)
                .context("publish '" + to + "'"));
        auto synced = sync_dir(root_.get(), dir_of(kind, name));
        if (!synced.ok()) {
            if (sys::rename_at2(root_.get(), to, root_.get(), path_, RENAME_NOREPLACE).ok())
                return std::move(synced).context("publish '" + to + "'");
            published_ = true; // whole under its name, if not durable: nothing may touch it now
            return std::move(synced).context("publish '" + to + "'");
        }
        published_ = true;
        path_ = to;
        (void)::flock(fd_.get(), LOCK_UN);
        return {};
    }

    Result<void> discard() override
    {
        TRY(check_unpublished());
        return sys::remove_at(root_.get(), path_, 0);
    }

private:
    Result<void> check_unpublished() const
    {
        if (published_)
            return Error(Errc::invalid, "'" + path_ + "' is published and does not change any more");
        return {};
    }

    UniqueFd root_;
    UniqueFd fd_;
    std::string path_;
    bool published_ = false;
    std::uint64_t size_; // known, not asked: a failed append may leave bytes behind it
};

Result<std::vector<FileInfo>> list_files(int root_fd, std::string const& path)
{
    std::vector<FileInfo> out;
    auto dir = sys::open_at(root_fd, path, O_RDONLY | O_DIRECTORY);
    if (!dir.ok() && dir.error().code() == Errc::not_found)
        return out;
    auto const fd = TRY(std::move(dir));
    auto const entries = TRY(sys::list_dir(fd.get()));
    for (auto const& entry : entries) {
        if (entry.type == DT_DIR)
            continue;
        auto info = sys::stat_at(fd.get(), entry.name, AT_SYMLINK_NOFOLLOW);
        if (!info.ok() && info.error().code() == Errc::not_found)
            continue; // removed or published meanwhile
        auto const stat = TRY(std::move(info));
        if (S_ISREG(stat.stx_mode))
            out.push_back({entry.name, stat.stx_size});
    }
    return out;
}

} // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::create(std::string const& path)
{
    TRY(sys::make_dirs(path, dir_mode));
    auto root = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    if (sys::stat_at(root.get(), std::string(config_name), AT_SYMLINK_NOFOLLOW).ok())
        return Error(Errc::exists, "there is a repository in '" + path + "' already");
    for (auto kind : {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::lock, FileKind::pack})
        TRY(ensure_dir(root.get(), dir_of(kind)));
    TRY(ensure_dir(root.get(), std::string(staging_dir)));
    for (int i = 0; i < 256; ++i)
        TRY(ensure_dir(root.get(), fmt::format("data/{:02x}", i)));
    TRY(sync_dir(root.get(), "data"));
    TRY(sync_dir(root.get(), "."));
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(root)));
}

Result<std::unique_ptr<LocalStore>> LocalStore::open(std::string const& path)
{
    auto root = TRY(sys::open(path, O_RDONLY | O_DIRECTORY).context("open repository"));
    TRY(sys::stat_at(root.get(), std::string(config_name), AT_SYMLINK_NOFOLLOW)
            .context("open repository '" + path + "'"));
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(root)));
}

Result<void> LocalStore::put(FileKind kind, std::string const& name, ByteView bytes)
{
    TRY(check_file_name(kind, name));
    auto const staged = TRY(create_staged("put-" + random_hex(16)));
    auto done = [&]() -> Result<void> {
        TRY(staged->append(bytes));
        return staged->publish(kind, name);
    }();
    if (!done.ok())
        (void)staged->discard();
    return done;
}

Result<Bytes> LocalStore::get(FileKind kind, std::string const& name) const
{
    TRY(check_file_name(kind, name));
    auto const path = path_of(kind, name);
    auto const fd = TRY(sys::open_at(root_.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    auto const info = TRY(sys::stat_fd(fd.get()));
    if (info.stx_size > whole_file_limit)
        return Error(Errc::corrupt, "'" + path + "' is larger than any file of its kind");
    return read_exactly(fd.get(), 0, info.stx_size).context("read '" + path + "'");
}

Result<Bytes> LocalStore::get_range(
    FileKind kind, std::string const& name, std::uint64_t offset, std::size_t length) const
{
    TRY(check_file_name(kind, name));
    auto const path = path_of(kind, name);
    auto const fd = TRY(sys::open_at(root_.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    return read_exactly(fd.get(), offset, length).context("read '" + path + "'");
}

Result<std::uint64_t> LocalStore::size(FileKind kind, std::string const& name) const
{
    TRY(check_file_name(kind, name));
    auto const info = TRY(sys::stat_at(root_.get(), path_of(kind, name), AT_SYMLINK_NOFOLLOW));
    return info.stx_size;
}

Result<std::vector<FileInfo>> LocalStore::list(FileKind kind) const
{
    std::vector<FileInfo> out;
    int const dirs = kind == FileKind::pack ? 256 : 1;
    for (int i = 0; i < dirs; ++i) {
        auto const path = dirs == 1 ? dir_of(kind) : fmt::format("data/{:02x}", i);
        auto const found = TRY(list_files(root_.get(), path));
        for (auto const& file : found) {
            if (check_file_name(kind, file.name).ok())
                out.push_back(file);
        }
    }
    return out;
}

Result<void> LocalStore::remove(FileKind kind, std::string const& name)
{
    TRY(check_file_name(kind, name));
    TRY(sys::remove_at(root_.get(), path_of(kind, name), 0));
    return sync_dir(root_.get(), dir_of(kind, name));
}

Result<std::unique_ptr<StagedFile>> LocalStore::hold(std::string const& name, int flags)
{
    TRY(check_staged_name(name));
    auto const path = staged_path(name);
    auto fd = TRY(sys::open_at(root_.get(), path, flags | O_RDWR | O_NOFOLLOW, file_mode));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return Error::from_errno(errno, "flock '" + path + "'");
    auto const info = TRY(sys::stat_fd(fd.get()));
    if (info.stx_nlink == 0) // removed between open and flock
        return Error(Errc::not_found, "'" + path + "' was removed");
    // Published between open and flock: it has its final name, and is not ours to touch.
    auto const named = TRY(sys::stat_at(root_.get(), path, AT_SYMLINK_NOFOLLOW));
    if (named.stx_ino != info.stx_ino)
        return Error(Errc::not_found, "'" + path + "' was published");
    auto root = TRY(sys::duplicate(root_.get()));
    return std::unique_ptr<StagedFile>(
        std::make_unique<LocalStagedFile>(std::move(root), std::move(fd), path, info.stx_size));
}

Result<std::unique_ptr<StagedFile>> LocalStore::create_staged(std::string const& name)
{
    TRY(ensure_dir(root_.get(), std::string(staging_dir)));
    return hold(name, O_CREAT | O_EXCL);
}

Result<std::unique_ptr<StagedFile>> LocalStore::open_staged(std::string const& name)
{
    return hold(name, 0);
}

Result<Bytes> LocalStore::read_staged(std::string const& name, std::uint64_t offset, std::size_t length) const
{
    TRY(check_staged_name(name));
    auto const path = staged_path(name);
    auto const fd = TRY(sys::open_at(root_.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    return read_exactly(fd.get(), offset, length).context("read '" + path + "'");
}

Result<std::vector<FileInfo>> LocalStore::list_staged() const
{
    return list_files(root_.get(), std::string(staging_dir));
}

} // namespace tocsin::vault
