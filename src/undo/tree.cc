// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/tree.h"

#include <linux/openat2.h>

namespace tocsin::undo {
namespace {

constexpr int path_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;

Result<UniqueFd> walk_down(int root_fd, std::string const& path)
{
    auto fd = TRY(sys::open_at(root_fd, ".", path_flags));
    for (std::size_t at = 0; at < path.size();) {
        auto end = std::min(path.find('/', at), path.size());
        auto name = path.substr(at, end - at);
        if (name == "..")
            return Error(Errc::invalid, "a path leads upwards: '" + path + "'");
        fd = TRY(sys::open_at(fd.get(), name, path_flags));
        at = end + 1;
    }
    return fd;
}

Result<UniqueFd> open_below(int below, std::string const& path)
{
    if (path.empty())
        return sys::duplicate(below);
    static constexpr int attempts = 8; // EAGAIN: a rename raced with the walk
    for (int i = 1;; ++i) {
        auto fd = sys::open_at2(below, path, path_flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        auto const error = fd.ok() ? 0 : fd.error().errno_value();
        if (error == ENOSYS || error == EPERM) // EPERM: a seccomp filter that does not know it
            return walk_down(below, path);
        if (error != EAGAIN || i == attempts)
            return fd;
    }
}

} // namespace

Result<Found> identify(UniqueFd fd)
{
    auto stat = TRY(sys::stat_fd(fd.get()));
    auto handle = TRY(sys::handle_of(fd.get()));
    auto filesystem = TRY(sys::filesystem_id(fd.get()));
    event::ObjectKey key{filesystem, std::move(handle)};
    auto object = event::id_of(key);
    return Found{std::move(fd), stat, object, std::move(key)};
}

Result<std::optional<Found>> look(int dir_fd, std::string const& name)
{
    auto fd = sys::open_at(dir_fd, name, O_PATH | O_NOFOLLOW);
    if (!fd.ok() && fd.error().code() == Errc::not_found)
        return std::optional<Found>{};
    auto opened = TRY(std::move(fd));
    auto found = TRY(identify(std::move(opened)));
    return std::optional<Found>(std::move(found));
}

// Whoever owns a folder above the tree can put a symlink there: over one, only the directory
// that the journal knows is believed to be the tree.
Result<OpenTree> OpenTree::open(Tree const& tree)
{
    auto expected = tree.object;
    auto root = TRY(sys::open("/", path_flags));
    auto relative = tree.path.substr(std::min(tree.path.find_first_not_of('/'), tree.path.size()));
    auto straight = expected ? Result<UniqueFd>(UniqueFd()) : open_below(root.get(), relative);
    if (!straight.ok() && straight.error().errno_value() != ELOOP
        && straight.error().errno_value() != ENOTDIR)
        return straight.take_error();
    if (!expected && !straight.ok()) {
        if (!tree.once)
            return straight.take_error();
        expected = tree.once;
    }
    auto fd = TRY(expected ? sys::open(tree.path, path_flags) : std::move(straight));
    if (expected) {
        auto copy = TRY(sys::duplicate(fd.get()));
        auto found = TRY(identify(std::move(copy)));
        if (found.object != expected)
            return Error(Errc::not_found, "'" + tree.path + "' is not the directory that was protected");
    }
    return OpenTree(std::move(fd), tree.path);
}

Result<UniqueFd> OpenTree::directory(std::string const& path) const
{
    return open_below(fd_.get(), path);
}

SplitPath split(std::string const& path)
{
    auto slash = path.rfind('/');
    if (slash == std::string::npos)
        return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

Result<int> Directories::at(event::RootId root, std::string const& directory)
{
    Spot spot{root, directory};
    auto known = open_.find(spot);
    if (known != open_.end())
        return known->second.get();
    auto tree = trees_.find(root);
    if (tree == trees_.end())
        return Error(Errc::not_found, "the journal does not name the tree of '" + directory + "'");
    auto fd = TRY(tree->second.directory(directory));
    if (open_.size() >= most_open)
        open_.clear();
    int raw = fd.get();
    open_.emplace(std::move(spot), std::move(fd));
    return raw;
}

} // namespace tocsin::undo
