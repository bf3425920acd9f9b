// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tocsin::guard {

void Latency::add(std::chrono::nanoseconds took)
{
    auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 8));
    auto power = static_cast<std::size_t>(std::bit_width(ns) - 1);
    auto quarter = static_cast<std::size_t>(ns >> (power - 2)) & 3;
    auto bucket = std::min(power * 4 + quarter, bucket_count - 1);
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
}

double Latency::quantile_us(double share) const
{
    std::uint64_t total = 0;
    for (auto const& bucket : buckets_)
        total += bucket.load(std::memory_order_relaxed);
    if (total == 0)
        return 0;
    auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i].load(std::memory_order_relaxed);
        if (seen >= wanted) {
            auto base = std::ldexp(1.0, static_cast<int>(i / 4));
            return base * (1.0 + (static_cast<double>(i % 4) + 0.5) / 4.0) / 1000.0;
        }
    }
    return 0;
}

} // namespace tocsin::guard
