// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/object_finder.h"

#include <linux/openat2.h>

#include "tocsin/base/path.h"
#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

bool says_that_it_is_gone(Error const& error)
{
    return error.code() == Errc::not_found || error.errno_value() == ENOTDIR || error.errno_value() == ELOOP;
}

std::optional<struct statx> status_at(Result<UniqueFd> fd)
{
    if (!fd.ok())
        return {};
    auto status = sys::stat_fd(fd.take().get());
    return status.ok() ? std::optional(status.take()) : std::nullopt;
}

std::optional<event::Metadata> metadata_at(Result<UniqueFd> fd)
{
    if (!fd.ok())
        return {};
    auto metadata = event::read_metadata(fd.take().get());
    return metadata.ok() ? std::optional(metadata.take()) : std::nullopt;
}

} // namespace

// Who changes the files of a folder goes through it one by one, so it stays open.
Result<int> ObjectFinder::descriptor_of(catalog::Entry const& directory)
{
    if (directory_fd_ && directory_ == directory.id)
        return directory_fd_.get();
    auto const path = catalog_.path_of(directory.id);
    auto const tree = trees_.containing(path);
    if (!tree)
        return Error(Errc::unsupported, "no tree holds '" + path + "'");
    auto const way = path == tree->path ? "." : std::string(way_below(path, tree->path));
    auto fd = TRY(sys::open_at2(tree->fd.get(), way, O_PATH | O_DIRECTORY | O_NOFOLLOW,
        RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV));
    auto handle = TRY(sys::handle_of(fd.get()));
    if (event::id_of({tree->filesystem, std::move(handle)}) != directory.id)
        return Error(Errc::not_found, "another directory has its name");
    directory_ = directory.id;
    directory_fd_ = std::move(fd);
    return directory_fd_.get();
}

Result<UniqueFd> ObjectFinder::open_by_name(event::ObjectId object, event::ObjectKey const& key)
{
    auto const* entry = catalog_.find(object);
    if (entry == nullptr || !entry->is_here())
        return Error(Errc::not_found, "it has no name");
    auto const& link = *entry->names;
    if (link.parent == nullptr) // a tree itself
        return open_by_handle(key);
    return open_at(*link.parent, link.name, key);
}

Result<UniqueFd> ObjectFinder::open_at(
    catalog::Entry const& parent, std::string const& name, event::ObjectKey const& key)
{
    auto directory = descriptor_of(parent);
    auto fd = directory.ok()
        ? sys::open_at2(directory.take(), name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_XDEV)
        : Result<UniqueFd>(directory.take_error());
    if (!fd.ok())
        return says_that_it_is_gone(fd.error()) ? std::move(fd) : open_by_handle(key);
    auto out = fd.take();
    auto handle = TRY(sys::handle_of(out.get()));
    if (handle != key.handle)
        return Error(Errc::not_found, "another object has its name");
    return out;
}

std::optional<struct statx> ObjectFinder::status_at_place(
    event::Place const& place, event::ObjectKey const& key)
{
    auto const* directory = catalog_.find(place.parent);
    return directory == nullptr ? std::nullopt : status_at(open_at(*directory, place.name, key));
}

bool ObjectFinder::may_stand_at(event::Place const& place, event::ObjectKey const& key)
{
    auto const* directory = catalog_.find(place.parent);
    if (directory == nullptr)
        return false;
    if (descriptor_of(*directory).ok())
        return status_at_place(place, key).has_value();
    auto const status = status_by_handle(key); // a folder above has another name by now
    return status && status->stx_nlink > 0;
}

ObjectFinder::Stands ObjectFinder::stands_at(event::Place const& place, event::ObjectId object)
{
    auto found = key_at(place);
    if (!found.ok())
        return says_that_it_is_gone(found.error()) ? Stands::no : Stands::unknown;
    return event::id_of(found.take()) == object ? Stands::yes : Stands::no;
}

Result<event::ObjectKey> ObjectFinder::key_at(event::Place const& place)
{
    auto const* directory = catalog_.find(place.parent);
    if (directory == nullptr || !directory->is_here())
        return Error(Errc::not_found, "its directory has no name");
    int const fd = TRY(descriptor_of(*directory));
    auto object = TRY(sys::open_at2(fd, place.name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_XDEV));
    auto const filesystem = TRY(sys::filesystem_id(object.get()));
    auto handle = TRY(sys::handle_of(object.get()));
    return event::ObjectKey{filesystem, std::move(handle)};
}

// Two calls for what takes four by a descriptor. Between them the name may be given to another object:
// that one has another inode, which is known of all that was captured. Neither call can be told to enter no
// mount, so it is for a directory the longer way; a file that is a mount point is rare, and not found.
std::optional<struct statx> ObjectFinder::status_by_name(event::ObjectId object, event::ObjectKey const& key)
{
    auto const* entry = catalog_.find(object);
    if (entry == nullptr || !entry->is_here())
        return {};
    auto const& link = *entry->names;
    if (link.parent == nullptr || entry->inode == 0 || entry->kind == event::ObjectKind::directory)
        return status_at(open_by_name(object, key));
    auto directory = descriptor_of(*link.parent);
    if (!directory.ok())
        return says_that_it_is_gone(directory.error()) ? std::nullopt : status_by_handle(key);
    int const fd = directory.take();
    auto handle = sys::handle_at(fd, link.name);
    if (!handle.ok())
        return says_that_it_is_gone(handle.error()) ? std::nullopt : status_by_handle(key);
    if (handle.take() != key.handle)
        return {};
    auto status = sys::stat_at(fd, link.name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    if (!status.ok())
        return says_that_it_is_gone(status.error()) ? std::nullopt : status_by_handle(key);
    auto const out = status.take();
    return out.stx_ino == entry->inode ? std::optional(out) : std::nullopt;
}

std::optional<event::Metadata> ObjectFinder::metadata_by_name(
    event::ObjectId object, event::ObjectKey const& key)
{
    return metadata_at(open_by_name(object, key));
}

Result<UniqueFd> ObjectFinder::open_by_handle(event::ObjectKey const& key) const
{
    auto mount = trees_.mount_fd(key.filesystem);
    if (mount < 0)
        return Error(Errc::not_found, "no tree on this file system");
    return sys::open_by_handle(mount, key.handle, O_PATH);
}

std::optional<struct statx> ObjectFinder::status_by_handle(event::ObjectKey const& key) const
{
    return status_at(open_by_handle(key));
}

std::optional<event::Metadata> ObjectFinder::metadata_by_handle(event::ObjectKey const& key) const
{
    return metadata_at(open_by_handle(key));
}

event::ObjectId ObjectFinder::at(event::ObjectKey const& directory, std::string const& name) const
{
    auto fd = open_by_handle(directory);
    if (!fd.ok())
        return {};
    auto object =
        sys::open_at2(fd.take().get(), name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
    if (!object.ok())
        return {};
    auto handle = sys::handle_of(object.take().get());
    return handle.ok() ? event::id_of({directory.filesystem, handle.take()}) : event::ObjectId{};
}

std::string ObjectFinder::path_of_directory(event::ObjectKey const& directory) const
{
    auto fd = open_by_handle(directory);
    if (!fd.ok())
        return {};
    auto const held = fd.take();
    auto path = sys::read_link_at(AT_FDCWD, sys::fd_path(held.get()));
    auto const out = path.ok() ? path.take() : std::string();
    return trees_.containing(out) != nullptr ? out : std::string();
}

void ObjectFinder::forget_directory()
{
    directory_ = {};
    directory_fd_ = {};
}

} // namespace tocsin::guard
