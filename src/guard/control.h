// SPDX-License-Identifier: Apache-2.0
// guard/control.h -- answers the command line over the control socket.
//
// One thread accepts, one thread a connection works. Only root may ask.
// Bounds: 16 connections at once; more are closed at once.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "tocsin/answers/socket.h"

namespace tocsin::guard {

class Control {
public:
    Control(UniqueFd listener, answers::Handler handler);
    ~Control(); // ends all connections

private:
    struct Connection {
        UniqueFd fd;
        std::atomic<bool> is_done{false};
        std::jthread thread;
    };
    void accept_all();
    void serve_one(Connection& connection);

    UniqueFd listener_;
    answers::Handler handler_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::list<Connection> connections_;
    std::jthread thread_;
};

} // namespace tocsin::guard
