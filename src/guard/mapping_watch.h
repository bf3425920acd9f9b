// SPDX-License-Identifier: Apache-2.0
// guard/mapping_watch.h -- when to look at what a process has mapped for writing.
//
// Stores to a mapping are told by no event, and while it is kept there is no close either. So whoever opens
// existing files is looked at: while it opens many at once, each time that they have doubled; else within a tenth
// of a second; and as long as it has any of our files mapped for writing, again and again, the less often the
// longer nothing changes in them.
// Threads: the deciding thread's. Bounds: 4,096 processes; those that come while all have something mapped are not
// looked at.
#pragma once

#include <chrono>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "tocsin/base/clock.h"

namespace tocsin::guard {

class MappingWatch {
public:
    enum class Look { now, later };
    Look opened(pid_t who, SteadyTime now); // an existing file

    std::vector<pid_t> due(SteadyTime now);
    enum class Seen { nothing, unchanged, changed }; // mapped for writing, of files of ours
    void looked(pid_t who, Seen seen, SteadyTime now);

private:
    struct Watched {
        unsigned opened = 0; // since it was last due
        SteadyTime next;
        std::chrono::milliseconds pause{};
        bool has_mapped = false;
    };
    std::unordered_map<pid_t, Watched> watched_;
};

} // namespace tocsin::guard
