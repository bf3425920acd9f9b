// SPDX-License-Identifier: Apache-2.0
// base/version.h -- which Tocsin this is.
#pragma once

#include <string_view>

namespace tocsin {

std::string_view version(); // as CMakeLists.txt has it: "0.1.0"

} // namespace tocsin
