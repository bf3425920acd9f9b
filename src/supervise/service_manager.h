// SPDX-License-Identifier: Apache-2.0
// supervise/service_manager.h -- tells the service manager that started this guard how it is.
//
// systemd's protocol of sd_notify(3): lines of NAME=VALUE in a datagram to the socket that the environment
// names. Where nobody listens, all of it does nothing.
// It never waits: the manager may itself wait for a guarded file that this guard is to let go.
// Threads: any.
// Errors: false where a datagram did not go out; what must arrive is sent again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "tocsin/base/unique_fd.h"

namespace tocsin::supervise {

class ServiceManager {
public:
    // What a service manager gives to a process that it starts.
    struct Environment {
        std::string socket; // a path, or "@" and an abstract name; empty: nobody listens
        std::chrono::microseconds watchdog{}; // it ends who has not beaten for so long; zero: never
    };
    // Takes it from this process's environment, so that no child speaks in our name.
    // REQUIRES: no other thread runs yet.
    static Environment take_environment();

    explicit ServiceManager(Environment const& environment);

    // None: it keeps no watch.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

    // What waits for this guard may begin.
    bool ready(std::string_view status) const noexcept;
    bool status(std::string_view status) const noexcept;
    bool beat() const noexcept;
    bool stopping() const noexcept;

private:
    bool send(std::string_view lines) const noexcept;

    UniqueFd socket_; // connected; none: nobody listens
    std::optional<std::chrono::microseconds> watchdog_;
};

} // namespace tocsin::supervise
