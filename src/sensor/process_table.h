// SPDX-License-Identifier: Apache-2.0
// sensor/process_table.h -- base/process_table.h by a program in the kernel: some 0.4 µs a thread.
#pragma once

#include <memory>

#include "tocsin/base/process_table.h"

namespace tocsin::sensor {

// Linux 5.14 with BTF, CAP_BPF with CAP_PERFMON, and the initial pid namespace: `unsupported` or `denied` otherwise.
Result<std::unique_ptr<proc::ProcessTable>> open_ebpf_process_table();

// The best that this host gives.
Result<std::unique_ptr<proc::ProcessTable>> open_process_table();

} // namespace tocsin::sensor
