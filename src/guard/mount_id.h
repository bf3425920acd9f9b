// SPDX-License-Identifier: Apache-2.0
// guard/mount_id.h -- on which mount an open file lies.
#pragma once

#include <string>

#include "tocsin/base/result.h"

namespace tocsin::guard {

// Its number, as the lines of mountinfo begin (proc(5)). From /proc/self/fdinfo: no file system is asked, so that it is
// known also where root may not look. Threads: any. Errors: `not_found` where no line tells it; those of reading.
Result<std::string> mount_id_of(int fd);

} // namespace tocsin::guard
