// SPDX-License-Identifier: Apache-2.0
// simulator/ring_change.h -- a file overwritten, truncated, deleted or renamed by io_uring.
#pragma once

#include "simulator/change.h"

namespace tocsin::simulator {

// REQUIRES: the worker has a ring.
Result<void> change_by_ring(Worker& worker, std::string const& path);

} // namespace tocsin::simulator
