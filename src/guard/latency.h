// SPDX-License-Identifier: Apache-2.0
// guard/latency.h -- how long answers took: a histogram that one thread fills and any reads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace tocsin::guard {

// Buckets grow by a quarter of a power of two: a quantile is right to within 19 %.
class Latency {
public:
    void add(std::chrono::nanoseconds took);
    double quantile_us(double share) const; // 0 before the first value

private:
    static constexpr std::size_t bucket_count = 160;
    std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
};

} // namespace tocsin::guard
