// SPDX-License-Identifier: Apache-2.0
// base/log.h -- one line of a program's log, on its standard error. Libraries do not log.
//
// Never called on the path that answers the kernel: writing to a log can open a file that
// waits for that very answer.
#pragma once

#include <string>
#include <string_view>

namespace tocsin {

enum class Severity { info = 6, warning = 4, error = 3 };

// With journald's prefix (sd-daemon(3)) where standard error is its stream; with the time, in UTC, in a file.
void log_line(Severity severity, std::string_view sentence);

// Text from outside, safe to show on a terminal: control characters and bytes that are no
// UTF-8 become \xNN, and what is longer than `limit` bytes is cut with "…".
std::string printable(std::string_view text, std::size_t limit);

} // namespace tocsin
