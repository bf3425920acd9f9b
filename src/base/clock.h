// SPDX-License-Identifier: Apache-2.0
// base/clock.h -- wall time for showing and records (UTC, nanoseconds), steady time for waiting.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "tocsin/base/result.h"

namespace tocsin {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

inline WallTime wall_now()
{
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}
inline SteadyTime steady_now()
{
    return std::chrono::steady_clock::now();
}

// When this machine was started, as its clock shows it now.
WallTime boot_time();

// Time since boot in whole clock ticks, as field 22 of /proc/PID/stat counts it (1/100 s on Linux).
std::uint64_t to_ticks(std::chrono::nanoseconds since_boot);
// The ticks from boot to `time`; 0 for a time before the boot.
std::uint64_t ticks_since_boot(WallTime time);
WallTime time_of_ticks(std::uint64_t since_boot); // of this boot, as the clock shows it now

inline std::int64_t to_nanoseconds(WallTime time)
{
    return time.time_since_epoch().count();
}
inline WallTime from_nanoseconds(std::int64_t ns)
{
    return WallTime(std::chrono::nanoseconds(ns));
}
inline std::int64_t to_nanoseconds(timespec const& t)
{
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// "2026-11-24T08:04:41.123456789Z" (RFC 3339).
std::string to_iso8601(WallTime time);

// RFC 3339 with any number of fraction digits up to nine, "Z" or an offset; also "YYYY-MM-DD
// HH:MM[:SS]" and "@SECONDS", which a person may type. Taken as UTC where no offset stands.
Result<WallTime> parse_time(std::string_view text);

} // namespace tocsin
