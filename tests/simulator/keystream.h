// SPDX-License-Identifier: Apache-2.0
// simulator/keystream.h -- what becomes of a file's bytes: XOR with a fixed stream, or zeros.
//
// The stream comes from the constant below and the offset in the file alone, so that whoever applies it
// again has the old bytes back: nothing that the simulator changes is lost, also without a guard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::simulator {

inline constexpr std::uint64_t stream_key = 0x746f6373696e2121; // "tocsin!!"

enum class Transform { stream, zeros };

// `offset`: of the first of `bytes` in its file.
void transform(Transform how, std::span<std::byte> bytes, std::uint64_t offset);

} // namespace tocsin::simulator
