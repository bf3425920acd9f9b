// SPDX-License-Identifier: Apache-2.0
// verdict/account.h -- points and counts of one process and all that came from it.
#pragma once

#include <cstdint>

#include "tocsin/base/clock.h"
#include "tocsin/event/object.h"
#include "tocsin/verdict/settings.h"

namespace tocsin::verdict {

enum class Weight : std::uint8_t { hard, soft };

struct Account {
    double hard = 0;
    double soft = 0;
    WallTime at{}; // when both were last faded
    WallTime first_damage{}; // of the points that still count
    std::uint64_t first_serial = 0; // of processes: those born later belong to the damage
    std::uint64_t first_start_ticks = 0; // when that first one was born
    WallTime sealed_at{}; // this very process last wrote something sealed; not of its children
    std::uint32_t objects_opened = 0; // by this very process
    std::uint32_t condemned_below = 0; // subtrees of it that were condemned
    std::uint32_t condemned_too_late = 0; // of those, in a row, what had ended by then
    WallTime too_late_at{}; // the newest of these
    std::uint64_t bytes_opened = 0;
    std::uint64_t changed = 0;
    event::ObjectId last_changed; // by this process itself
    std::uint64_t deleted = 0;
    std::uint64_t created = 0;

    void fade(WallTime now, Settings const& settings);
    double total(Settings const& settings) const; // as of the last fade
};

} // namespace tocsin::verdict
