// SPDX-License-Identifier: Apache-2.0
// simulator/pattern.h -- which bytes of a file are changed, and in what pieces.
#pragma once

#include <cstdint>
#include <vector>

namespace tocsin::simulator {

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    bool operator==(Range const&) const = default;
};

enum class Part { whole, head }; // head: the first unit alone
enum class Magic { changed, kept };

// Kept magic: by these a file's type is told.
inline constexpr std::uint64_t magic_bytes = 16;

struct Pattern {
    std::uint64_t unit_bytes = 1024 * 1024;
    std::uint64_t units_on = 1; // so many units are changed,
    std::uint64_t units_off = 0; // then so many are left
    Part part = Part::whole;
    Magic magic = Magic::changed;
};

// In the order of the file, none longer than a unit. REQUIRES: unit_bytes and units_on above 0.
std::vector<Range> ranges_of(Pattern const& pattern, std::uint64_t file_bytes);

} // namespace tocsin::simulator
