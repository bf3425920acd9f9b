// SPDX-License-Identifier: Apache-2.0
#include "simulator/keystream.h"

#include <algorithm>

namespace tocsin::simulator {
namespace {

// splitmix64: as even as noise to whoever measures entropy.
std::uint64_t word(std::uint64_t number)
{
    std::uint64_t mixed = stream_key + number * 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

} // namespace

void transform(Transform how, std::span<std::byte> bytes, std::uint64_t offset)
{
    if (how == Transform::zeros) {
        std::ranges::fill(bytes, std::byte{0});
        return;
    }
    std::uint64_t current = word(offset / 8);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::uint64_t const at = offset + i;
        if (at % 8 == 0)
            current = word(at / 8);
        bytes[i] ^= static_cast<std::byte>(current >> (at % 8 * 8));
    }
}

} // namespace tocsin::simulator
