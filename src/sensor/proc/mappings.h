// SPDX-License-Identifier: Apache-2.0
// sensor/proc/mappings.h -- which files a process has mapped so that its stores change them.
//
// Stores to a mapping are told by no event: neither the first one nor the thousandth. Who wants to know of them has
// to look.
// Threads: any. Bounds: 1 MiB of the kernel's list, of which a process with more than some 10,000 mappings has
// more; what is behind that is not seen.
// Errors: none. Who cannot be looked at (it is gone) has mapped nothing.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {

// The names below /proc/PID/map_files of the ranges that are shared and may be written to, from the text of
// /proc/PID/maps (proc(5)). Lines of another form are passed over.
std::vector<std::string> ranges_mapped_for_writing(std::string_view maps);

// At most `limit`, one for each range; each by O_PATH, which makes no event.
std::vector<UniqueFd> files_mapped_for_writing(pid_t pid, std::size_t limit);

} // namespace tocsin::sensor
