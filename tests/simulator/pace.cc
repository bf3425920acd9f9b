// SPDX-License-Identifier: Apache-2.0
#include "simulator/pace.h"

#include <thread>

namespace tocsin::simulator {

void Pace::wait_for_turn()
{
    if (speed_.interval.count() == 0)
        return;
    std::chrono::steady_clock::time_point mine;
    {
        std::lock_guard const lock(mutex_);
        mine = next_;
        std::uniform_real_distribution<double> spread(1 - speed_.jitter, 1 + speed_.jitter);
        next_ += std::chrono::nanoseconds(
            static_cast<std::int64_t>(static_cast<double>(speed_.interval.count()) * spread(random_)));
    }
    std::this_thread::sleep_until(mine);
}

} // namespace tocsin::simulator
