// SPDX-License-Identifier: Apache-2.0
// simulator/budget.h -- what one run may touch at most: files, bytes and seconds.
//
// The counts lie in memory that the run's processes share, so that a fork a file gains nothing.
// Time is kept by the kernel's alarm, which ends a process whatever it is doing.
// Threads: all functions from any thread and any process forked from this one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "tocsin/base/result.h"

namespace tocsin::simulator {

struct Limits {
    std::uint64_t files = 20'000;
    std::uint64_t bytes = 4ULL << 30;
    std::chrono::seconds time{300};
};

// No run is given more, whatever it asks for.
inline constexpr Limits highest_limits{100'000, 16ULL << 30, std::chrono::seconds(900)};

class Budget {
public:
    // `invalid` above the highest limits. The time begins here.
    static Result<Budget> create(Limits const& limits);

    // `full` when the limit is reached: then nothing more may be touched.
    Result<void> take_file();
    Result<void> take_bytes(std::uint64_t count);

    // Ends this process when the run's time is over. Children do not inherit it: they call it first.
    void arm_alarm() const;

private:
    struct Counts {
        std::atomic<std::uint64_t> files = 0;
        std::atomic<std::uint64_t> bytes = 0;
    };
    struct Unmap {
        void operator()(Counts* counts) const;
    };

    Budget(Limits const& limits, Counts* counts);

    Limits limits_;
    std::chrono::steady_clock::time_point end_;
    std::unique_ptr<Counts, Unmap> counts_;
};

} // namespace tocsin::simulator
