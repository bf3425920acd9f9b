// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/header_check.h"

#include <algorithm>
#include <array>
#include <bit>

namespace tocsin::capture {
namespace {

using event::FileType;

constexpr std::size_t tar_header_bytes = 512;

unsigned at(ByteView head, std::size_t place)
{
    return place < head.size() ? std::to_integer<unsigned>(head[place]) : 0;
}

// System V ABI, chapter 4: data encoding at 5; e_version, 1, at 20.
bool is_elf(ByteView head)
{
    if (head.size() < 24)
        return true;
    bool const is_big_endian = at(head, 5) == 2;
    std::array<unsigned, 4> version{at(head, 20), at(head, 21), at(head, 22), at(head, 23)};
    if (is_big_endian)
        std::ranges::reverse(version);
    return version == std::array<unsigned, 4>{1, 0, 0, 0};
}

// PNG, section 11.2.1: the header chunk's bit depth, colour type, compression, filter and interlace.
bool is_png(ByteView head)
{
    if (head.size() < 29)
        return true;
    auto const depth = at(head, 24);
    auto const colour = at(head, 25);
    return depth <= 16 && std::has_single_bit(depth) && colour <= 6 && colour != 1 && colour != 5
        && at(head, 26) == 0 && at(head, 27) == 0 && at(head, 28) <= 1;
}

// ITU-T T.81, section B.1.1: after the first segment comes the marker of another, perhaps after fill bytes.
bool is_jpeg(ByteView head)
{
    auto const second = 4 + at(head, 4) * 256 + at(head, 5);
    return second + 1 >= head.size() || (at(head, second) == 0xff && at(head, second + 1) >= 0xc0);
}

// The SQLite file format, section 1.3: page size at 16, versions, and three fractions that are always the same.
bool is_sqlite(ByteView head)
{
    if (head.size() < 24)
        return true;
    auto const page = at(head, 16) * 256 + at(head, 17);
    return (page == 1 || (page >= 512 && std::has_single_bit(page))) && at(head, 21) == 64
        && at(head, 22) == 32 && at(head, 23) == 32;
}

// POSIX, ustar interchange format: the sum of the header's bytes, with its own field as blanks, in octal at 148.
bool is_tar(ByteView head)
{
    if (head.size() < tar_header_bytes)
        return true;
    unsigned sum = 0;
    unsigned told = 0;
    for (std::size_t place = 0; place < tar_header_bytes; ++place) {
        bool const is_of_sum = place >= 148 && place < 156;
        sum += is_of_sum ? ' ' : at(head, place);
        if (is_of_sum && at(head, place) >= '0' && at(head, place) <= '7')
            told = told * 8 + (at(head, place) - '0');
    }
    return sum == told;
}

} // namespace

bool has_sound_header(FileType type, ByteView head)
{
    switch (type) {
    case FileType::elf:
        return is_elf(head);
    case FileType::png:
        return is_png(head);
    case FileType::jpeg:
        return is_jpeg(head);
    case FileType::sqlite:
        return is_sqlite(head);
    case FileType::tar:
        return is_tar(head);
    default:
        return true;
    }
}

} // namespace tocsin::capture
