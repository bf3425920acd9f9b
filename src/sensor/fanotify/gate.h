// SPDX-License-Identifier: Apache-2.0
// sensor/fanotify/gate.h -- the gate by fanotify(7): open permissions and close-write events.
#pragma once

#include <memory>

#include "tocsin/sensor/gate.h"

namespace tocsin::sensor::fanotify {

// `unsupported` on a kernel without permission events, `denied` without CAP_SYS_ADMIN.
Result<std::unique_ptr<Gate>> open_gate();

} // namespace tocsin::sensor::fanotify
