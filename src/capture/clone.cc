// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/clone.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "tocsin/base/sys.h"

namespace tocsin::capture {

Result<UniqueFd> clone_file(int fd, int dir_fd)
{
    auto copy = TRY(sys::open_at(dir_fd, ".", O_TMPFILE | O_RDWR, 0600));
    if (::ioctl(copy.get(), FICLONE, fd) != 0) {
        int number = errno;
        if (number == EINVAL || number == EXDEV || number == ENOTTY)
            number = EOPNOTSUPP;
        return Error::from_errno(number, "ioctl FICLONE");
    }
    return copy;
}

} // namespace tocsin::capture
