// SPDX-License-Identifier: Apache-2.0
// simulator/replacements.h -- changed copies that take an original's place.
#pragma once

#include "simulator/change.h"

namespace tocsin::simulator {

Result<void> write_new_and_unlink(Worker& worker, std::string const& path); // Deletion::at_end: no unlink
Result<void> rename_temp_over(Worker& worker, std::string const& path);
Result<void> exchange_with_temp(Worker& worker, std::string const& path);

Result<void> unlink_file(Sandbox const& sandbox, std::string const& path);
Result<void> rename_file(Sandbox const& sandbox, std::string const& from, std::string const& to);

} // namespace tocsin::simulator
