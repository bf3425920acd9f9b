// SPDX-License-Identifier: Apache-2.0
// simulator/holes.h -- content that goes without being written over: holes, truncation, clones of zeros.
//
// These lose bytes that no key brings back; the manifest says what they were.
#pragma once

#include "simulator/change.h"

namespace tocsin::simulator {

Result<void> truncate_and_regrow(Worker& worker, std::string const& path);
Result<void> punch_holes(Worker& worker, std::string const& path);
Result<void> clone_zeros_over(Worker& worker, std::string const& path);
Result<void> copy_zeros_over(Worker& worker, std::string const& path);

} // namespace tocsin::simulator
