// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/walk.h"

#include <deque>

#include "tocsin/base/sys.h"
#include "tocsin/guard/mount_id.h"

namespace tocsin::guard {
namespace {

// A directory that was found and is still to be listed: by handle, not by descriptor, so that a
// wide tree costs no descriptors.
struct Pending {
    event::ObjectKey key;
    std::string path;
};

Result<Found> look(int fd, event::Place place, std::string path)
{
    Found out;
    auto status = TRY(sys::stat_fd(fd));
    out.device = sys::device_of(status);
    out.key.filesystem = TRY(sys::filesystem_id(fd));
    out.key.handle = TRY(sys::handle_of(fd));
    out.object = event::id_of(out.key);
    out.place = std::move(place);
    out.path = std::move(path);
    if (S_ISREG(status.stx_mode))
        out.metadata = event::metadata_of(status);
    else
        out.metadata = TRY(event::read_metadata(fd));
    return out;
}

bool is_a_mount(int directory, int entry)
{
    auto here = mount_id_of(directory);
    auto there = mount_id_of(entry);
    return here.ok() && there.ok() && here.take() != there.take();
}

class Walk {
public:
    Walk(Tree const& tree, WalkVisitor const& visitor) : tree_(tree), visitor_(visitor) { }

    Result<void> run(UniqueFd start, event::Place place, std::string const& path)
    {
        auto self = TRY(look(start.get(), std::move(place), path));
        auto const object = self.object;
        bool const is_directory = S_ISDIR(self.metadata.mode);
        if (is_directory)
            TRY(visitor_.mark(start.get()));
        else
            TRY(mark_if_linked(start.get(), self));
        if (!visitor_.found(std::move(self)) || !is_directory)
            return {};
        auto more = TRY(list(start.get(), object, path));
        while (more && !pending_.empty()) {
            auto next = std::move(pending_.front());
            pending_.pop_front();
            auto fd =
                sys::open_by_handle(tree_.fd.get(), next.key.handle, O_RDONLY | O_DIRECTORY | O_NOATIME);
            if (!fd.ok()) { // gone meanwhile
                visitor_.skipped(next.path, fd.error());
                continue;
            }
            auto dir = fd.take();
            TRY(visitor_.mark(dir.get()).context("mark '" + next.path + "'"));
            more = TRY(list(dir.get(), event::id_of(next.key), next.path));
        }
        return {};
    }

private:
    Result<bool> list(int dir_fd, event::ObjectId directory, std::string const& path)
    {
        auto listing = sys::list_dir(dir_fd);
        if (!listing.ok()) {
            visitor_.skipped(path, listing.error());
            return true;
        }
        for (auto& entry : listing.take()) {
            auto entry_path = (path == "/" ? "" : path) + "/" + entry.name;
            auto fd = sys::open_at(dir_fd, entry.name, O_PATH | O_NOFOLLOW);
            if (!fd.ok()) {
                visitor_.skipped(entry_path, fd.error());
                continue;
            }
            auto object = fd.take();
            auto found = look(object.get(), {directory, entry.name}, entry_path);
            if (!found.ok()) {
                // Another file system may be mounted here that refuses to be looked at (FUSE), or has no handles.
                if (!is_a_mount(dir_fd, object.get()))
                    visitor_.skipped(entry_path, found.error());
                continue;
            }
            auto value = found.take();
            if (value.device != tree_.device) // another file system is mounted here
                continue;
            TRY(mark_if_linked(object.get(), value));
            if (S_ISDIR(value.metadata.mode))
                pending_.push_back({value.key, entry_path});
            if (!visitor_.found(std::move(value)))
                return false;
        }
        return true;
    }

    Result<void> mark_if_linked(int fd, Found const& found)
    {
        if (!S_ISREG(found.metadata.mode) || found.metadata.links <= 1)
            return {};
        return visitor_.mark_file(fd).context("mark '" + found.path + "'");
    }

    Tree const& tree_;
    WalkVisitor const& visitor_;
    std::deque<Pending> pending_;
};

} // namespace

Result<void> walk(
    Tree const& tree, UniqueFd start, event::Place place, std::string const& path, WalkVisitor const& visitor)
{
    return Walk(tree, visitor).run(std::move(start), std::move(place), path);
}

} // namespace tocsin::guard
