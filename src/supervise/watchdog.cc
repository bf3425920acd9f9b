// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/watchdog.h"

namespace tocsin::supervise {
namespace {

constexpr int beats_in_a_limit = 8; // some may be late

} // namespace

Watchdog::Watchdog(Pulse const& pulse, ServiceManager const& manager) : pulse_(pulse), manager_(manager) { }

void Watchdog::look(SteadyTime now)
{
    auto const limit = manager_.watchdog();
    if (!limit || now < next_ || !all_have_beaten() || !manager_.beat())
        return;
    next_ = now + *limit / beats_in_a_limit;
    for (std::size_t i = 0; i < organ_count; ++i)
        seen_[i] = pulse_.beats(static_cast<Organ>(i));
}

bool Watchdog::all_have_beaten() const
{
    for (std::size_t i = 0; i < organ_count; ++i) {
        auto const beats = pulse_.beats(static_cast<Organ>(i));
        if (beats != 0 && beats == seen_[i])
            return false;
    }
    return true;
}

} // namespace tocsin::supervise
