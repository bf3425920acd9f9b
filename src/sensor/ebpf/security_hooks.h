// SPDX-License-Identifier: Apache-2.0
// sensor/ebpf/security_hooks.h -- LSM programs of one object: which of them this kernel takes, and whether it asks them.
//
// Hooks come, and change their parameters, with kernels; a kernel can have been started without asking
// LSM programs at all, and takes them nevertheless.
#pragma once

#include <functional>

#include "tocsin/base/result.h"
#include "tocsin/sensor/ebpf/libbpf.h"

namespace tocsin::sensor {

// Before the object is loaded: leaves out programs whose hook is of other kernels. `unsupported` where
// the kernel has no LSM programs, or not a hook that all should have.
Result<void> choose_programs(bpf_object& object);

// After all are attached: `ask` makes the kernel ask one of them, `count` is how often it has been asked.
Result<void> ensure_asked(std::function<void()> const& ask, std::function<std::uint64_t()> const& count);

// For `ask`: a change of attributes that nobody sees.
void change_attributes();

// The last call's error of libbpf, in words that say what to do about it.
Error refused_by_kernel(int number, std::string_view what);

} // namespace tocsin::sensor
