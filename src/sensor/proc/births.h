// SPDX-License-Identifier: Apache-2.0
// sensor/proc/births.h -- who was the parent of a living process when it was born.
//
// The kernel forgets it: when a parent ends, its children become init's. A process that forks
// twice to hide where it comes from is found through this.
// Threads: one owner. Bounds: one entry a pid, so at most kernel.pid_max of them.
#pragma once

#include <unordered_map>

#include "tocsin/event/process.h"

namespace tocsin::sensor {

class Births {
public:
    void born(event::ProcessKey child, event::ProcessKey parent);
    void ended(event::ProcessKey process);

    // `otherwise` where the birth was not seen.
    event::ProcessKey parent_of(event::ProcessKey child, event::ProcessKey otherwise) const;

private:
    struct Birth {
        event::ProcessKey child;
        event::ProcessKey parent;
    };
    std::unordered_map<std::int32_t, Birth> by_pid_; // a pid used again displaces what was missed
};

} // namespace tocsin::sensor
