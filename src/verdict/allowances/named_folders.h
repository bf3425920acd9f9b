// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/named_folders.h -- which protected folders a program's arguments name.
//
// What a command says of itself is a claim that anybody can make. It is worth something only as a bound that
// what the program does is held against.
#pragma once

#include <string_view>
#include <vector>

#include "tocsin/catalog/catalog.h"

namespace tocsin::verdict {

// All that `command` (event::Process) names, where one of them is `at_work` or a folder above it. None where they are
// not told for certain: the command was cut, one leads elsewhere ("..") or is the tree itself, or there are more than
// 64. A working directory is concluded from the folder at work.
std::vector<event::ObjectId> folders_named_by(
    catalog::Catalog const& catalog, std::string_view command, event::ObjectId at_work);

} // namespace tocsin::verdict
