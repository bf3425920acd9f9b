// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/marks.h"

#include <fcntl.h>
#include <sys/fanotify.h>

#include "tocsin/base/sys.h"

namespace tocsin::sensor::fanotify {

Result<void> set_mark(int group, MarkChange change, int dir_fd, MarkScope scope, std::uint64_t mask)
{
    unsigned flags = change == MarkChange::add ? FAN_MARK_ADD : FAN_MARK_REMOVE;
    if (scope == MarkScope::filesystem) {
        flags |= FAN_MARK_FILESYSTEM;
        mask &= ~static_cast<std::uint64_t>(FAN_EVENT_ON_CHILD);
    }
    if (scope == MarkScope::object) // what only a directory has is refused (ENOTDIR)
        mask &= ~static_cast<std::uint64_t>(
            FAN_EVENT_ON_CHILD | FAN_ONDIR | FAN_CREATE | FAN_DELETE | FAN_RENAME);
    // An O_PATH descriptor can't be marked itself, but its name below /proc can.
    auto path = sys::fd_path(dir_fd);
    if (::fanotify_mark(group, flags, mask, AT_FDCWD, path.c_str()) != 0)
        return Error::from_errno(errno, "fanotify_mark");
    return {};
}

} // namespace tocsin::sensor::fanotify
