// SPDX-License-Identifier: Apache-2.0
// guard/keeper.h -- rules on opens: goes at once what the vault holds, waits what it does not.
//
// What it knows of an object is a Stamp and whether a close since is still on its way into the
// vault. Who opens what that close has left waits for its capture, and causes no other.
// All of it belongs to the gate's thread, so that the common case takes no lock; news
// from other threads waits in a box that is looked into only when an object looks unknown.
// Nothing here opens, logs, or waits.
// Threads: the GateKeeper calls from the gate's thread; everything else from any thread.
// Bounds: about 120 bytes an object that was captured or opened; a pointer an open that waits.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tocsin/capture/pool.h"
#include "tocsin/event/metadata.h"
#include "tocsin/guard/asked_opens.h"
#include "tocsin/guard/latency.h"
#include "tocsin/guard/open_log.h"
#include "tocsin/guard/throttle.h"
#include "tocsin/sensor/deadline_watch.h"
#include "tocsin/sensor/gate.h"

namespace tocsin::guard {

class Keeper final : public sensor::GateKeeper {
public:
    // Borrows all; they must outlive the gate's serve(). `heartbeat` is the gate's.
    Keeper(
        capture::Pool& pool, sensor::DeadlineWatch& deadlines, OpenLog& opens, sensor::Heartbeat heartbeat);

    // The vault holds the object as `stamp` describes it. Whether a close that leaves the same
    // stamp leaves the same content, too, or has to be looked at.
    enum class Stands { yes, until_close };
    void captured(capture::ObjectNumber number, event::Stamp stamp, Stands stands);
    // A close could not be captured, or not recorded: who waits for it gets a capture of its own.
    void missed(capture::ObjectNumber number);
    // Its names changed, and with them its ctime: what the vault holds is still what is there.
    void renamed(capture::ObjectNumber number, event::Stamp stamp);
    // Its content is none of ours: its opens are always let through.
    void excluded(capture::ObjectNumber number);
    // It has another name now, or its number another object.
    void included(capture::ObjectNumber number);

    // The verdict has seen what a close by `writer` left; also when it could not be captured.
    void judged(pid_t writer) { throttle_.judged(writer); }
    // For a moment nobody opens an existing file while what became of another is not judged yet.
    void suspect();
    void look_again(); // now and then, so that nobody waits for longer

    // Its last name is gone: another object may get the number.
    void gone(capture::ObjectNumber number);

    // Opens by these processes are denied, or no longer.
    void deny(std::span<pid_t const> pids);
    void allow(std::span<pid_t const> pids);
    // Or wait for a person, until they are denied or allowed; who waits for too long is refused.
    void ask(std::span<pid_t const> pids) { asked_.ask(pids); }

    // While not protecting (blind), nothing is held.
    void set_holding(bool on) { holding_.store(on, std::memory_order_relaxed); }

    struct Counters {
        std::uint64_t opens = 0;
        std::uint64_t held = 0;
        std::uint64_t denied = 0;
        std::uint64_t at_risk = 0; // closes that could not be queued
        std::uint64_t lost_events = 0; // times that the kernel's queue overflowed
        double p50_us = 0; // from the event to our answer, of opens that were not held
        double p99_us = 0;
    };
    Counters counters() const;

    sensor::Ruling rule_open(int fd, pid_t pid) noexcept override;
    void hold(std::shared_ptr<sensor::HeldOpen> held) noexcept override;
    void after_open(sensor::Ruling ruling, SteadyTime began) noexcept override;
    void closed(UniqueFd fd, pid_t pid) noexcept override;
    void turned() noexcept override;
    void ended() noexcept override { heartbeat_.rest(); }
    void lost_events() noexcept override;

private:
    // How often existing files are being opened, by anybody: who encrypts them reads them first, or overwrites
    // them, and then what is newly made has to be judged soon.
    class OpenRate {
    public:
        void opened(SteadyTime now);
        bool is_rare(SteadyTime now);

    private:
        void turn(SteadyTime now);
        SteadyTime second_; // that is counted
        unsigned now_ = 0;
        unsigned before_ = 0; // in the second before
    };

    struct Known {
        event::Stamp stamp;
        bool is_excluded = false;
        bool stands = false; // a close with the same stamp brings nothing new
        bool awaits_capture = false; // a close since `stamp` is queued
        event::Stamp queued; // as the newest of these has left it; of no size: it was refused, or missed
        // For thinning: how many versions one writer made within the running window.
        std::uint8_t versions = 0;
        std::uint32_t window_s = 0;
        pid_t writer = 0;
    };
    struct News {
        enum class Kind { captured, missed, renamed, excluded, included, gone } kind;
        capture::ObjectNumber number;
        event::Stamp stamp;
        Stands stands = Stands::until_close;
    };
    void take(News const& item);
    void tell(News item);
    using Waiting = std::vector<std::shared_ptr<sensor::HeldOpen>>;
    Waiting tell_of_capture(News item); // and who has waited for it

    struct Seen { // of an object by its descriptor
        capture::ObjectNumber number;
        event::Stamp stamp;
        bool is_regular = false;
    };
    static std::optional<Seen> look_at(int fd);
    bool is_queued(Seen const& seen) const;
    bool await_capture(std::shared_ptr<sensor::HeldOpen> const& held, Seen const& seen);
    void let_go_or_deny(std::shared_ptr<sensor::HeldOpen> held);
    void capture_for(std::shared_ptr<sensor::HeldOpen> held);

    bool is_safe(capture::ObjectNumber number, event::Stamp const& stamp, pid_t pid);
    bool is_thinned(Known const& known, pid_t pid) const;
    bool take_news();
    bool is_denied(pid_t pid);

    capture::Pool& pool_;
    sensor::DeadlineWatch& deadlines_;
    OpenLog& opens_;
    sensor::Heartbeat heartbeat_;
    pid_t const self_;

    std::unordered_map<capture::ObjectNumber, Known> known_; // the gate's thread only

    std::mutex news_mutex_;
    std::vector<News> news_;
    std::unordered_map<capture::ObjectNumber, Waiting> waiting_; // under `news_mutex_`: for a queued close
    std::mutex denied_mutex_;
    std::unordered_set<pid_t> denied_;
    std::atomic<bool> any_denied_{false};
    std::atomic<bool> holding_{true};

    std::atomic<std::uint64_t> opened_count_{0};
    std::atomic<std::uint64_t> held_count_{0};
    std::atomic<std::uint64_t> denied_count_{0};
    std::atomic<std::uint64_t> at_risk_count_{0};
    std::atomic<std::uint64_t> lost_count_{0};
    Latency latency_;
    OpenRate opens_of_existing_; // the gate's thread only
    Throttle throttle_{Throttle::Limits{}};
    AskedOpens asked_{std::chrono::milliseconds(1'000)};
    // Of the open being ruled on, between rule_open() and hold().
    bool throttled_ = false;
    bool is_asked_ = false;
    Seen ruled_on_;
};

} // namespace tocsin::guard
