// SPDX-License-Identifier: Apache-2.0
// simulator/contents.h -- changes of a file's content where it lies: by write, by mapping, by O_DIRECT.
//
// Each takes the bytes from the budget before it changes them.
#pragma once

#include "simulator/change.h"

namespace tocsin::simulator {

enum class Flush { none, async, sync }; // msync after each unit

Result<void> change_in_place(Worker& worker, std::string const& path);
Result<void> change_mapped(Worker& worker, std::string const& path, Flush flush);
Result<void> change_directly(Worker& worker, std::string const& path);

} // namespace tocsin::simulator
