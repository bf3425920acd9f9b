// SPDX-License-Identifier: Apache-2.0
// guard/seldom.h -- of what somebody can make happen without end, one in ten minutes is told.
//
// Threads: any. Bounds: 1,024 causes in ten minutes; further ones are not due.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "tocsin/base/clock.h"

namespace tocsin::guard {

class Seldom {
public:
    // The first of this cause, or the first in ten minutes; then the next is due ten minutes from now.
    bool is_due(std::string const& cause, SteadyTime now)
    {
        std::lock_guard lock(mutex_);
        std::erase_if(next_, [now](auto const& entry) { return entry.second <= now; });
        return next_.size() < causes_at_most && next_.emplace(cause, now + std::chrono::minutes(10)).second;
    }

private:
    static constexpr std::size_t causes_at_most = 1024;

    std::mutex mutex_;
    std::map<std::string, SteadyTime> next_; // until then none of this cause is told
};

} // namespace tocsin::guard
