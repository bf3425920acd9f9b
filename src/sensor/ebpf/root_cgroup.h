// SPDX-License-Identifier: Apache-2.0
// sensor/ebpf/root_cgroup.h -- where programs are attached that all processes of the host pass.
#pragma once

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {

// The root of the cgroup2 hierarchy, wherever it is mounted, and where it is not.
Result<UniqueFd> root_cgroup();

} // namespace tocsin::sensor
