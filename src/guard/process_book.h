// SPDX-License-Identifier: Apache-2.0
// guard/process_book.h -- which process a number means just now, and which are in the journal yet.
//
// Follows the lineage source; a process that it never told of is looked up in /proc once.
// Threads: the deciding thread's. Bounds: forgets what ended, and names a process to the journal
// once for each command it had.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/guard/batch.h"
#include "tocsin/guard/recording.h"
#include "tocsin/sensor/lineage.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::guard {

class ProcessBook {
public:
    ProcessBook(verdict::ProcessTree& tree, Recording& recording);

    void apply(sensor::LifecycleEvent&& event);
    void apply_all(std::vector<event::Process> processes); // those that ran when the guard began

    // Key {pid, 0} where nothing more is known; {} for pid 0.
    event::ProcessKey key_of(pid_t pid);

    // A process that the journal knows and that has ended, unless apply_all() tells otherwise.
    void recall(event::Process const& process);

    // Adds the process and its ancestors to `batch`, as far as the journal has them not.
    void introduce(event::ProcessKey key, Batch& batch);

private:
    void remember(event::Process&& process);

    verdict::ProcessTree& tree_;
    Recording& recording_;
    std::unordered_map<pid_t, event::ProcessKey> running_; // also the newest that ended under a number
    std::unordered_set<event::ProcessKey> introduced_;
};

} // namespace tocsin::guard
