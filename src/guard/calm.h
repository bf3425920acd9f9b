// SPDX-License-Identifier: Apache-2.0
// guard/calm.h -- whether all that happens is that new things are made.
//
// Then the deciding thread need not look at each event within microseconds, and what unpacks an archive is not
// interrupted five times a file: it looks every 0.25 ms, and at once when anything is deleted or renamed
// (sensor::Witness::alarm_fd()).
// Threads: the deciding thread's. Bounds: none needed.
#pragma once

#include <cstddef>

#include "tocsin/base/clock.h"

namespace tocsin::guard {

class Calm {
public:
    void saw_making(SteadyTime now)
    {
        ++makings_;
        newest_ = now;
    }
    void saw_other() { makings_ = 0; } // done to what existed
    // A program that has just started may be another's, and over before it is looked at.
    void saw_birth(SteadyTime now) { birth_ = now; }

    bool lasts(SteadyTime now) const
    {
        return makings_ >= begins_with && now - newest_ < ends_after && now - birth_ >= after_birth;
    }

private:
    static constexpr std::size_t begins_with = 32;
    static constexpr std::chrono::milliseconds ends_after{3};
    static constexpr std::chrono::milliseconds after_birth{50};

    std::size_t makings_ = 0; // one after the other
    SteadyTime newest_;
    SteadyTime birth_;
};

} // namespace tocsin::guard
