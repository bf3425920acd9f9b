// SPDX-License-Identifier: Apache-2.0
// base/size.h -- numbers of bytes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace tocsin {

std::string size_words(std::uint64_t bytes); // "512 B", "1.2 MiB"

} // namespace tocsin
