// SPDX-License-Identifier: Apache-2.0
// simulator/pace.h -- when the next file may be touched, for all threads together.
#pragma once

#include <chrono>
#include <mutex>
#include <random>

namespace tocsin::simulator {

struct Speed {
    std::chrono::nanoseconds interval{0}; // between two files; 0: as fast as it goes
    double jitter = 0; // 0.5: an interval is between half and one and a half of it
};

// Threads: wait_for_turn() from any; no lock is held while it waits.
class Pace {
public:
    Pace(Speed const& speed, std::uint64_t seed) : speed_(speed), random_(seed) { }

    void wait_for_turn();

private:
    Speed speed_;
    std::mutex mutex_;
    std::mt19937_64 random_;
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

} // namespace tocsin::simulator
