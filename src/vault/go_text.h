// SPDX-License-Identifier: Apache-2.0
// vault/go_text.h -- text, times and modes as Go's standard library writes them.
//
// restic is a Go program, and blobs are named by the hash of their bytes: a tree written
// differently would be another tree. So what its JSON encoder, strconv.Quote, time.Time and
// os.FileMode make of a value is made here too, byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "tocsin/base/clock.h"

namespace tocsin::vault {

// A JSON string with its quotes, as encoding/json: '<', '>', '&', U+2028 and U+2029 escaped,
// what is no UTF-8 replaced by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// A file name, as strconv.Quote without its quotes and then as a JSON string: any bytes.
void append_quoted_name(std::string& out, std::string_view name);

// Undoes strconv.Quote (what JSON has decoded already). `corrupt` for what it never writes.
Result<std::string> unquote_name(std::string_view quoted);

// RFC 3339 in UTC, no trailing zeros in the fraction, without quotes.
void append_time(std::string& out, WallTime time);

// Any RFC 3339 time of the years 0000 to 9999; what nanoseconds since 1970 cannot hold becomes
// the nearest that they can.
Result<WallTime> parse_go_time(std::string_view text);

// st_mode and os.FileMode: the same permission bits, another place for all the others.
std::uint32_t to_go_mode(mode_t mode);
mode_t from_go_mode(std::uint32_t mode);

// strconv.IsPrint
bool go_prints(char32_t rune);

} // namespace tocsin::vault
