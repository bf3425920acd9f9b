// SPDX-License-Identifier: Apache-2.0
// cli/words.h -- numbers, sizes, times and paths as people read and type them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/base/result.h"
#include "tocsin/base/size.h"

namespace tocsin::cli {

std::string grouped(std::uint64_t number); // "1,234,567"
std::string microsecond_words(std::uint64_t us); // "37 µs", "1.2 ms", "2.0 s"
std::string short_time(std::string_view iso8601); // "2026-11-24 08:04:41Z"

// "1048576", "512M", "10G", "1.5T": powers of 1,024, with or without "B" or "iB".
Result<std::uint64_t> parse_size(std::string_view text);

// "90s", "30m", "2h", "0".
Result<std::chrono::seconds> parse_duration(std::string_view text);
std::string refuse_what_is_no_duration(std::string const& text); // for CLI11; empty for one

// For CLI11 and the configuration: the sentence against what is not a size; empty for one.
std::string refuse_what_is_no_size(std::string const& text);

// The same for a path that must begin with /.
std::string refuse_what_is_not_absolute(std::string const& text);

// How many columns a terminal takes for UTF-8 text (one a code point).
std::size_t display_columns(std::string_view text);

// The absolute path of a file that need not exist (any more): its directory is resolved as far
// as it exists, its last part is not followed.
Result<std::string> absolute_path(std::string const& path);

} // namespace tocsin::cli
