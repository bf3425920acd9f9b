// SPDX-License-Identifier: Apache-2.0
// sensor/fanotify/gate.h -- the gate by fanotify(7): open permissions and close-write events.
#pragma once

#include <memory>

#include "tocsin/sensor/gate.h"

namespace tocsin::sensor::fanotify {

// How the kernel tells that it could not open an event's object.
enum class EventErrors {
    in_the_event, // since 6.13; on older kernels as below
    of_the_read, // for a test of what older kernels do
};

// `unsupported` on a kernel without permission events, `denied` without CAP_SYS_ADMIN.
Result<std::unique_ptr<Gate>> open_gate(EventErrors errors);
Result<std::unique_ptr<Gate>> open_gate(); // in_the_event

} // namespace tocsin::sensor::fanotify
