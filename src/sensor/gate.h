// SPDX-License-Identifier: Apache-2.0
// sensor/gate.h -- opens before they happen, and closes after writing: the interface of its engines.
//
// An engine reads the kernel's events in one thread of its own and calls the keeper for each, in
// order. Nothing on that path may open a file, log, or wait: a process (perhaps the one that
// would have to act for the wait to end) is held until it returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/sensor/held_open.h"

namespace tocsin::sensor {

// How often an engine that has nothing to do says so.
inline constexpr std::chrono::milliseconds turns_every{250};

// What a thread reports while others depend on it: that it is at work, and that it has ended.
struct Heartbeat {
    std::function<void()> beat = [] { };
    std::function<void()> rest = [] { };
};

enum class Ruling { allow, deny, hold };

class GateKeeper {
public:
    virtual ~GateKeeper() = default;
    // `fd` is open for reading and makes no events; it is closed after the call.
    virtual Ruling rule_open(int fd, pid_t pid) noexcept = 0;
    // After a ruling of `hold`. Whoever keeps the pointer answers.
    virtual void hold(std::shared_ptr<HeldOpen> held) noexcept = 0;
    // The answer has been sent; what is done here delays only later opens.
    virtual void after_open(Ruling ruling, SteadyTime began) noexcept = 0;
    // A descriptor that was open for writing (or the last mapping of one) is gone. `fd` still
    // reads the object, even if its name is gone.
    virtual void closed(UniqueFd fd, pid_t pid) noexcept = 0;
    // The engine's thread is at work: before each wait for events, and so every `turns_every` at least.
    virtual void turned() noexcept = 0;
    // It has let everybody go, and rules on nothing any more.
    virtual void ended() noexcept = 0;
    // Events were lost: what changed meanwhile is not known.
    virtual void lost_events() noexcept = 0;
};

// How much of a tree one mark covers.
enum class MarkScope {
    directory, // the directory and its children; the rest of the file system pays nothing
    object, // one file, by whatever name it is reached
    filesystem, // everything on the file system, also opens by handle
};

class Gate {
public:
    virtual ~Gate() = default;

    // Any thread. `dir_fd` may be O_PATH. Once the engine has ended, nothing is marked any more.
    virtual Result<void> mark(int dir_fd, MarkScope scope) = 0;
    virtual Result<void> unmark(int dir_fd, MarkScope scope) = 0;

    // Serves the keeper until stop(), in the calling thread. An error means that the engine can't
    // go on: nothing is guarded any more, and every held open was let go.
    virtual Result<void> serve(GateKeeper& keeper) = 0;
    virtual void stop() = 0; // any thread

    // Events whose object the kernel could not open for us (a lease, a disk error, no memory, no
    // free descriptor): an opener among them was denied, a close is not known. Any thread.
    virtual std::uint64_t unreadable_events() const = 0;
};

} // namespace tocsin::sensor
