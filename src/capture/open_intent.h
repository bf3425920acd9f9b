// SPDX-License-Identifier: Apache-2.0
// capture/open_intent.h -- whether a held open is for reading only.
//
// The kernel's event does not say. /proc/PID/task/TID/syscall does, for a thread that waits in
// open, openat, creat or execve. Costs about 17 µs, so it is asked only before a capture that
// the opener would have to wait for, and never on the answering thread: /proc can wait for a
// process that is inside execve, which may wait for us.
#pragma once

#include <string_view>
#include <sys/types.h>

namespace tocsin::capture {

enum class OpenIntent { read_only, may_write };

// `may_write` when in doubt: openat2 and io_uring have their flags in memory.
OpenIntent intent_of_process(pid_t pid);

// One line of /proc/PID/syscall: "257 0xffffff9c 0x7ffe… 0x80000 …".
OpenIntent intent_of_syscall(std::string_view line);

} // namespace tocsin::capture
