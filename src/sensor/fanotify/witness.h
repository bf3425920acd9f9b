// SPDX-License-Identifier: Apache-2.0
// sensor/fanotify/witness.h -- the witness by fanotify(7): file handles and names.
#pragma once

#include <memory>

#include "tocsin/sensor/witness.h"

namespace tocsin::sensor::fanotify {

// `unsupported` on kernels before 5.17 (FAN_RENAME, FAN_REPORT_TARGET_FID).
Result<std::unique_ptr<Witness>> open_witness();

// The kernel's event buffer as events; separate so that it can be fuzzed. Counts overflow events
// in `overflows`. `corrupt` when a length leads out of the buffer.
Result<std::vector<WitnessEvent>> parse_events(ByteView buffer, std::uint64_t& overflows);

} // namespace tocsin::sensor::fanotify
