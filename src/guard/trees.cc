// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/trees.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <sys/file.h>

#include "tocsin/answers/place.h"
#include "tocsin/base/path.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/globs.h"

namespace tocsin::guard {
namespace {

// Whether the directory is the root of its whole file system, so that a mark on the file system
// covers this tree and nothing else. A bind mount or subvolume has another root in field 4 of
// mountinfo (proc(5)).
bool is_whole_filesystem(int dir_fd)
{
    struct statx status{};
    if (::statx(dir_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0
        || (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return false;
    auto text = sys::read_text("/proc/self/mountinfo", 16 * 1024 * 1024);
    if (!text.ok())
        return false;
    std::istringstream lines(text.take());
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::uint64_t id = 0;
        std::string parent, device, root;
        fields >> id >> parent >> device >> root;
        if (id == status.stx_mnt_id)
            return root == "/";
    }
    return false;
}

} // namespace

Result<Tree> open_tree(std::string const& path)
{
    Tree out;
    out.path = TRY(sys::real_path(path).context("protect '" + path + "'"));
    auto fd = sys::open(out.path, O_RDONLY | O_DIRECTORY | O_NOATIME);
    if (!fd.ok()) {
        if (fd.error().errno_value() == ENOTDIR)
            return Error(Errc::invalid, fmt::format("'{}' is not a directory", out.path));
        return fd.take_error();
    }
    out.fd = fd.take();
    TRY(answers::check_filesystem(out.fd.get(), out.path));
    auto status = TRY(sys::stat_fd(out.fd.get()));
    out.device = sys::device_of(status);
    out.filesystem = TRY(sys::filesystem_id(out.fd.get()));
    auto handle = sys::handle_of(out.fd.get());
    if (!handle.ok())
        return Error(
            Errc::unsupported, fmt::format("'{}' is on a file system without file handles", out.path));
    out.key = {out.filesystem, handle.take()};
    out.object = event::id_of(out.key);
    out.scope =
        is_whole_filesystem(out.fd.get()) ? sensor::MarkScope::filesystem : sensor::MarkScope::directory;
    return out;
}

Result<UniqueFd> claim(Tree const& tree)
{
    constexpr auto directory = "/run/tocsin/trees";
    TRY(sys::make_dirs(directory, 0700));
    auto path = fmt::format("{}/{:016x}", directory, tree.object.value);
    auto fd = TRY(sys::open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return Error(Errc::exists, fmt::format("'{}' is guarded already by another guard", tree.path));
    return fd;
}

Trees::Trees() : table_(std::make_shared<Table const>()) { }

std::shared_ptr<Trees::Table const> Trees::table() const
{
    std::lock_guard lock(mutex_);
    return table_;
}

std::shared_ptr<Tree const> Trees::add(Tree tree)
{
    auto added = std::make_shared<Tree const>(std::move(tree));
    std::lock_guard lock(mutex_);
    auto next = std::make_shared<Table>(*table_);
    next->push_back(added);
    table_ = std::move(next);
    return added;
}

void Trees::remove(event::RootId root)
{
    std::lock_guard lock(mutex_);
    auto next = std::make_shared<Table>();
    for (auto const& tree : *table_)
        (tree->root == root ? retired_ : *next).push_back(tree);
    table_ = std::move(next);
}

std::vector<std::shared_ptr<Tree const>> Trees::all() const
{
    return *table();
}

std::shared_ptr<Tree const> Trees::by_path(std::string const& path) const
{
    for (auto const& tree : *table()) {
        if (tree->path == path)
            return tree;
    }
    return {};
}

std::shared_ptr<Tree const> Trees::containing(std::string const& path) const
{
    std::shared_ptr<Tree const> best;
    for (auto const& tree : *table()) {
        if (lies_in(path, tree->path) && (!best || tree->path.size() > best->path.size()))
            best = tree;
    }
    return best;
}

int Trees::mount_fd(std::uint64_t filesystem) const
{
    for (auto const& tree : *table()) {
        if (tree->filesystem == filesystem)
            return tree->fd.get();
    }
    return -1;
}

bool Trees::is_excluded(std::string const& path) const
{
    auto tree = containing(path);
    return tree && !tree->excludes.empty() && event::matches_any(tree->excludes, path);
}

bool Trees::excludes_any() const
{
    return std::ranges::any_of(*table(), [](auto const& tree) { return !tree->excludes.empty(); });
}

} // namespace tocsin::guard
