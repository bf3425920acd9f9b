// SPDX-License-Identifier: Apache-2.0
// guard/device_watch.h -- keeps the block devices below the trees from being written to.
//
// Guarded are the devices that a tree's file system lies on, all below those, and loop devices
// over a protected file. What they are is looked up at each change of a tree, when the kernel
// tells that a block device has changed, and every 2 seconds. For maintenance, writing can be
// allowed for a time.
// Who is refused is told once in ten minutes for each device, program and user, as an incident
// that names it and does no more: nothing was harmed, and a storage tool may have tried.
// A loop device that has just been attached is guarded some milliseconds later; who attached
// it may have it open for writing since before, and writes on.
// Threads: one of its own, which nobody waits for but refresh(), 2 s at most; all is said from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tocsin/answers/status.h"
#include "tocsin/guard/seldom.h"
#include "tocsin/guard/trees.h"
#include "tocsin/sensor/device_gate.h"

namespace tocsin::guard {

class DeviceWatch {
public:
    // Of whom a person should know, and in which words. From the watch's thread.
    using Report = std::function<void(sensor::RefusedWrite, std::string sentence)>;
    // Where there is no gate it only says why. Borrows `trees`.
    DeviceWatch(Result<std::unique_ptr<sensor::DeviceGate>> gate, Trees const& trees, Report report);
    ~DeviceWatch();

    // The trees have changed: returns once the devices follow, or after 2 s.
    void refresh();
    // From now on for so long; zero ends it.
    void allow_writes(std::chrono::seconds how_long);
    answers::InvariantStatus what_holds() const;
    // The devices on which the trees lie, and all below, whether they are guarded or not; with their names.
    std::map<sensor::DeviceNumber, std::string> carriers() const;

private:
    using Guarded = std::map<sensor::DeviceNumber, std::string>; // by number: what it has to do with a tree

    void run();
    SteadyTime next_look() const;
    SteadyTime next_change();
    void wait();
    void look();
    Guarded wanted(std::string& not_known) const;
    void add_carriers(Guarded& out, std::string& not_known) const;
    void add_loops(Guarded& out) const;
    std::string protected_path_of(std::string const& file) const; // empty: it is none of the trees'
    void tell(sensor::RefusedWrite&& write);
    bool writes_are_allowed() const; // under `mutex_`

    std::unique_ptr<sensor::DeviceGate> gate_; // null: there is none
    std::string const why_none_;
    Trees const& trees_;
    sensor::BlockDevices const devices_{"/sys"};
    Report report_;
    Seldom told_;
    UniqueFd wake_; // an eventfd
    UniqueFd changes_; // the kernel's messages about devices; none: only every 2 s
    SteadyTime next_drain_; // the thread's own, as is what follows
    SteadyTime counted_from_; // looks without a pause between them
    unsigned looks_ = 0; // since then
    Guarded applied_;

    mutable std::mutex mutex_; // for what follows
    std::condition_variable looked_;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    bool stopping_ = false;
    SteadyTime allowed_until_;
    WallTime allowed_until_wall_{};
    Guarded guarded_; // as `applied_`
    std::string not_known_; // of which tree the devices are not known, and why; empty: none
    std::jthread thread_; // last: it uses all of them
};

} // namespace tocsin::guard
