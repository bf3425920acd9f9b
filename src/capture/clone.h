// SPDX-License-Identifier: Apache-2.0
// capture/clone.h -- a copy of a file that shares its blocks (FICLONE), where the file system can.
#pragma once

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::capture {

// A file without a name on the file system of `dir_fd`, with the content that `fd` has now.
// `unsupported` on ext4 and other file systems without reflinks.
Result<UniqueFd> clone_file(int fd, int dir_fd);

} // namespace tocsin::capture
