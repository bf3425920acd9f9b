// SPDX-License-Identifier: Apache-2.0
// supervise/watchdog.h -- beats for the service manager, while nobody has to wait for this guard.
//
// The last resort where guard and supervisor hang together: the manager then kills the guard, and the
// kernel lets everybody go. It beats only where each organ has beaten since: a guard of which only this
// thread goes on is dead.
// Borrows both. Threads: one, which calls look() every 0.1 s or so.
#pragma once

#include <array>

#include "tocsin/base/clock.h"
#include "tocsin/supervise/pulse.h"
#include "tocsin/supervise/service_manager.h"

namespace tocsin::supervise {

class Watchdog {
public:
    Watchdog(Pulse const& pulse, ServiceManager const& manager);

    void look(SteadyTime now);

private:
    bool all_have_beaten() const; // since the last beat of ours; who rests need not

    Pulse const& pulse_;
    ServiceManager const& manager_;
    SteadyTime next_{};
    std::array<std::uint64_t, organ_count> seen_{}; // at the last beat of ours
};

} // namespace tocsin::supervise
