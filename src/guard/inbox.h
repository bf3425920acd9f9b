// SPDX-License-Identifier: Apache-2.0
// guard/inbox.h -- what other threads tell the deciding thread.
//
// A bounded mailbox with a descriptor that becomes readable, so that the deciding thread can wait
// for the kernel and for us at once.
// Threads: put() from any; take() from the deciding thread. The capture pool and the walks wait
// for room, since nobody waits for them; a held open's answer does not depend on it.
#pragma once

#include <atomic>
#include <functional>
#include <sys/eventfd.h>
#include <variant>

#include "tocsin/base/mailbox.h"
#include "tocsin/capture/pool.h"
#include "tocsin/guard/walk.h"

namespace tocsin::guard {

// Why a walk is done: it decides what finding an object means.
enum class WalkReason {
    first, // the tree has come under protection: everything is simply there
    restart, // the guard was away: what differs from the journal changed meanwhile
    arrived, // a directory was made or moved in: its content came with it
};

// What the journal last knew of each object: taken before a restart's walk, then never changed.
using Baseline = std::unordered_map<event::ObjectId, event::Stamp>;

struct FoundObject {
    WalkReason reason = WalkReason::first;
    event::RootId root;
    event::ProcessKey process; // who made or moved the directory; arrived only
    bool is_queued = false; // its capture was asked for
    Found found;
};

struct WalkEnd {
    WalkReason reason = WalkReason::first;
    event::RootId root;
    Result<void> outcome;
    bool is_whole = false; // nothing was left out: what it did not find is not there
    std::shared_ptr<Baseline const> baseline; // restart only
};

// Runs in the deciding thread.
using Command = std::function<void()>;

using Message = std::variant<capture::Outcome, FoundObject, WalkEnd, Command>;

class Inbox final : public capture::Sink {
public:
    static Result<std::unique_ptr<Inbox>> create();

    void captured(capture::Outcome outcome) override { put(std::move(outcome)); }
    void put(Message message);

    int fd() const { return wake_.get(); }
    // At most `limit` messages, oldest first; fd() stays readable while more wait.
    std::vector<Message> take(std::size_t limit);
    void close(); // what waits can still be taken
    bool is_closed() const { return box_.is_closed(); }

private:
    explicit Inbox(UniqueFd wake);

    void ring();

    UniqueFd wake_; // an eventfd
    std::atomic<bool> is_rung_{false}; // and not looked at since
    eventfd_t owed_ = 0; // the deciding thread's: rings that it knows of and has not read
    Mailbox<Message> box_;
    std::deque<Message> taken_; // the deciding thread's
};

} // namespace tocsin::guard
