// SPDX-License-Identifier: Apache-2.0
// sensor/fanotify/marks.h -- what a group watches. Called from any thread; the kernel locks.
#pragma once

#include <cstdint>

#include "tocsin/base/result.h"
#include "tocsin/sensor/gate.h"

namespace tocsin::sensor::fanotify {

enum class MarkChange { add, remove };

// On a file system mark FAN_EVENT_ON_CHILD is left out: it covers every object anyway.
Result<void> set_mark(int group, MarkChange change, int dir_fd, MarkScope scope, std::uint64_t mask);

} // namespace tocsin::sensor::fanotify
