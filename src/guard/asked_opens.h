// SPDX-License-Identifier: Apache-2.0
// guard/asked_opens.h -- opens by whom a person is asked about: they wait, for a moment, for the answer.
//
// Nobody hangs: who has waited for as long as the bound is refused by look_again(), and where even that does not come, the
// deadline watch allows the open as it does any other.
// Threads: any. Bounds: one pointer an open that waits; its bound is below the gate's.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_set>
#include <vector>

#include "tocsin/sensor/held_open.h"

namespace tocsin::guard {

class AskedOpens {
public:
    explicit AskedOpens(std::chrono::milliseconds bound) : bound_(bound) { }

    // From now on their opens wait.
    void ask(std::span<pid_t const> pids);
    // No longer. Those that wait, to be refused or let go by the caller.
    using Parked = std::vector<std::shared_ptr<sensor::HeldOpen>>;
    Parked take(std::span<pid_t const> pids);
    bool concerns(pid_t pid) const;

    // False where nobody asks about it any more.
    bool park(std::shared_ptr<sensor::HeldOpen> const& held);
    void look_again(SteadyTime now);

private:
    template <typename Waits>
    Parked take_but(Waits waits);

    std::chrono::milliseconds const bound_;
    std::atomic<bool> any_{false};
    mutable std::mutex mutex_;
    std::unordered_set<pid_t> asked_;
    Parked parked_;
};

} // namespace tocsin::guard
