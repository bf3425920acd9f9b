// SPDX-License-Identifier: Apache-2.0
// sensor/witness.h -- names and attributes as they change: the interface of its engines.
//
// Events come after the fact and in the kernel's order. Objects are named by handles, so that an
// event about something that is gone already still says what it was.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tocsin/event/object.h"
#include "tocsin/sensor/gate.h"

namespace tocsin::sensor {

// What happened, as bits: the kernel merges events of one object that wait together.
enum class Change : std::uint32_t {
    created = 1 << 0,
    deleted = 1 << 1,
    renamed = 1 << 2,
    attributes = 1 << 3,
    modified = 1 << 4,
};

struct WitnessEvent {
    std::uint32_t changes = 0; // of Change
    pid_t pid = 0; // thread group; 0 where the kernel does not say
    bool is_directory = false;
    event::ObjectKey object;
    event::ObjectKey directory; // of `name`; empty handle: not in a watched directory
    std::string name; // empty: the directory itself
    event::ObjectKey new_directory; // of a rename
    std::string new_name;

    bool has(Change change) const { return (changes & static_cast<std::uint32_t>(change)) != 0; }
};

class Witness {
public:
    virtual ~Witness() = default;

    // Any thread. `dir_fd` may be O_PATH.
    virtual Result<void> mark(int dir_fd, MarkScope scope) = 0;
    virtual Result<void> unmark(int dir_fd, MarkScope scope) = 0;

    // Pollable: readable when events wait.
    virtual int fd() const = 0;
    // One thread. At most one buffer full of events that wait, oldest first; never blocks.
    // When overflows() has grown, events were lost before these.
    virtual Result<std::vector<WitnessEvent>> drain() = 0;
    virtual std::uint64_t overflows() const = 0;

    // Pollable: readable when something was deleted or renamed since quiet_alarm(), a moment sooner or later than
    // its event can be drained. For who looks at all other events in batches. One thread.
    virtual int alarm_fd() const = 0;
    virtual void quiet_alarm() = 0;
};

} // namespace tocsin::sensor
