// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/keeper.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

namespace tocsin::guard {
namespace {

using sensor::Ruling;

// An object that one writer closes more often than this is thinned: its opens no longer wait for
// the version before, so versions between are skipped; the first ones and the last are kept.
constexpr std::uint8_t versions_a_window = 8;
constexpr std::uint32_t window_seconds = 10;

std::uint32_t seconds_now()
{
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(steady_now().time_since_epoch()).count());
}

constexpr std::chrono::milliseconds suspicion_lasts{200}; // from the newest strong point on
constexpr unsigned reads_that_matter = 3; // a second
// More takes so long to read that whoever changed it would wait for seconds.
constexpr std::uint64_t most_throttled_bytes = 16 * 1024 * 1024;
// The capture of more takes longer than it takes to clone it, or to see that somebody only reads.
constexpr std::uint64_t most_awaited_bytes = 1024 * 1024;

} // namespace

// fstat, not statx: half the cost, and all that is asked here.
std::optional<Keeper::Seen> Keeper::look_at(int fd)
{
    struct stat s;
    if (::fstat(fd, &s) != 0)
        return {};
    return Seen{{s.st_dev, s.st_ino},
        {static_cast<std::uint64_t>(s.st_size), to_nanoseconds(s.st_mtim), to_nanoseconds(s.st_ctim)},
        S_ISREG(s.st_mode)};
}

void Keeper::OpenRate::opened(SteadyTime now)
{
    turn(now);
    ++now_;
}

bool Keeper::OpenRate::is_rare(SteadyTime now)
{
    turn(now);
    return std::max(now_, before_) < reads_that_matter;
}

void Keeper::OpenRate::turn(SteadyTime now)
{
    auto const passed = now - second_;
    if (passed < std::chrono::seconds(1))
        return;
    before_ = passed < std::chrono::seconds(2) ? now_ : 0;
    now_ = 0;
    second_ = now;
}

Keeper::Keeper(
    capture::Pool& pool, sensor::DeadlineWatch& deadlines, OpenLog& opens, sensor::Heartbeat heartbeat)
    : pool_(pool), deadlines_(deadlines), opens_(opens), heartbeat_(std::move(heartbeat)), self_(::getpid())
{
}

Ruling Keeper::rule_open(int fd, pid_t pid) noexcept
{
    if (pid == self_)
        return Ruling::allow;
    if (is_denied(pid))
        return Ruling::deny;
    auto seen = look_at(fd);
    if (!seen || !seen->is_regular)
        return Ruling::allow;
    bool const is_empty = seen->stamp.size == 0;
    opens_.put({seen->number.device, seen->number.inode, pid, is_empty});
    if (is_empty) // nothing to lose
        return Ruling::allow;
    is_asked_ = asked_.concerns(pid);
    if (is_asked_)
        return Ruling::hold;
    opens_of_existing_.opened(steady_now());
    if (!holding_.load(std::memory_order_relaxed))
        return Ruling::allow;
    ruled_on_ = *seen;
    bool safe = is_safe(seen->number, seen->stamp, pid);
    throttled_ = safe && throttle_.must_wait(pid);
    return safe && !throttled_ ? Ruling::allow : Ruling::hold;
}

void Keeper::hold(std::shared_ptr<sensor::HeldOpen> held) noexcept
{
    held_count_.fetch_add(1, std::memory_order_relaxed);
    deadlines_.watch(held);
    if (is_asked_) {
        if (!asked_.park(held)) // answered meanwhile
            let_go_or_deny(std::move(held));
        return;
    }
    if (throttled_) {
        throttle_.park(std::move(held));
        return;
    }
    if (is_queued(ruled_on_) && await_capture(held, ruled_on_))
        pool_.hasten(ruled_on_.number, std::move(held));
    else
        capture_for(std::move(held));
}

// About whom nobody is asked any more. What it opens may not be in the vault yet.
void Keeper::let_go_or_deny(std::shared_ptr<sensor::HeldOpen> held)
{
    if (is_denied(held->pid()))
        (void)held->answer(sensor::Answer::deny);
    else if (holding_.load(std::memory_order_relaxed))
        capture_for(std::move(held));
    else
        (void)held->answer(sensor::Answer::allow);
}

void Keeper::capture_for(std::shared_ptr<sensor::HeldOpen> held)
{
    capture::Job job;
    job.occasion = event::Occasion::open;
    job.held = std::move(held);
    (void)pool_.add(std::move(job)); // refused only at the end: then it is allowed as it goes
}

// What a close has left is still there, and its capture is on its way.
bool Keeper::is_queued(Seen const& seen) const
{
    auto const at = known_.find(seen.number);
    return at != known_.end() && at->second.awaits_capture && at->second.queued == seen.stamp
        && seen.stamp.size <= most_awaited_bytes;
}

// False where there is news, which may be of that capture.
bool Keeper::await_capture(std::shared_ptr<sensor::HeldOpen> const& held, Seen const& seen)
{
    std::lock_guard lock(news_mutex_);
    if (!news_.empty())
        return false;
    waiting_[seen.number].push_back(held);
    return true;
}

void Keeper::after_open(Ruling ruling, SteadyTime began) noexcept
{
    opened_count_.fetch_add(1, std::memory_order_relaxed);
    if (ruling == Ruling::deny)
        denied_count_.fetch_add(1, std::memory_order_relaxed);
    if (ruling != Ruling::hold)
        latency_.add(steady_now() - began);
}

void Keeper::closed(UniqueFd fd, pid_t pid) noexcept
{
    if (pid == self_)
        return;
    auto seen = look_at(fd.get());
    if (!seen || !seen->is_regular)
        return;
    (void)take_news();
    auto& known = known_[seen->number];
    bool const is_same = !known.awaits_capture && known.stamp == seen->stamp;
    if (known.is_excluded || (is_same && known.stands))
        return;
    bool existed = known.stamp.size != 0; // else it is new, or was empty
    known.awaits_capture = true;
    known.queued = seen->stamp;
    auto now = seconds_now();
    if (known.writer != pid || now - known.window_s >= window_seconds) {
        known.writer = pid;
        known.window_s = now;
        known.versions = 0;
    }
    if (known.versions < versions_a_window)
        ++known.versions;

    capture::Job job;
    job.occasion = event::Occasion::close;
    job.writer = pid;
    job.number = seen->number;
    job.fd = std::move(fd);
    job.is_throttled = existed && seen->stamp.size <= most_throttled_bytes;
    job.can_wait = !existed && opens_of_existing_.is_rare(steady_now());
    bool const is_throttled = job.is_throttled;
    if (is_throttled)
        throttle_.changed(pid);
    if (pool_.add(std::move(job)) == capture::Pool::Added::yes)
        return;
    known.queued = {};
    at_risk_count_.fetch_add(1, std::memory_order_relaxed);
    if (is_throttled)
        throttle_.judged(pid);
}

// A walk's news of millions of files must not wait for the first open, who would wait for all of them.
void Keeper::turned() noexcept
{
    heartbeat_.beat();
    (void)take_news();
}

void Keeper::lost_events() noexcept
{
    lost_count_.fetch_add(1, std::memory_order_relaxed);
}

bool Keeper::is_safe(capture::ObjectNumber number, event::Stamp const& stamp, pid_t pid)
{
    for (bool again = true; again; again = take_news()) {
        auto at = known_.find(number);
        if (at == known_.end())
            continue;
        auto const& known = at->second;
        if (known.is_excluded || (!known.awaits_capture && known.stamp == stamp) || is_thinned(known, pid))
            return true;
    }
    return false;
}

bool Keeper::is_thinned(Known const& known, pid_t pid) const
{
    return known.writer == pid && known.versions >= versions_a_window
        && seconds_now() - known.window_s < window_seconds;
}

bool Keeper::take_news()
{
    std::vector<News> news;
    {
        std::lock_guard lock(news_mutex_);
        news.swap(news_);
    }
    constexpr std::size_t items_a_beat = 4096;
    for (std::size_t i = 0; i < news.size(); ++i) {
        if (i % items_a_beat == items_a_beat - 1)
            heartbeat_.beat();
        take(news[i]);
    }
    return !news.empty();
}

void Keeper::take(News const& item)
{
    if (item.kind == News::Kind::renamed) {
        auto at = known_.find(item.number);
        // Only while size and mtime are those of the version: else there is more to it than a name.
        if (at != known_.end() && !at->second.awaits_capture && at->second.stamp.size == item.stamp.size
            && at->second.stamp.mtime_ns == item.stamp.mtime_ns)
            at->second.stamp = item.stamp;
        return;
    }
    if (item.kind == News::Kind::gone) {
        known_.erase(item.number);
        return;
    }
    if (item.kind == News::Kind::missed) {
        if (auto const at = known_.find(item.number); at != known_.end())
            at->second.queued = {};
        return;
    }
    if (item.kind == News::Kind::included) {
        if (auto at = known_.find(item.number); at != known_.end() && at->second.is_excluded)
            known_.erase(at);
        return;
    }
    auto& known = known_[item.number];
    known.stands = item.stands == Stands::yes;
    known.is_excluded = item.kind == News::Kind::excluded;
    known.stamp = item.stamp;
    known.awaits_capture = false; // a later close left another stamp, which will not match
}

void Keeper::tell(News item)
{
    std::lock_guard lock(news_mutex_);
    news_.push_back(item);
}

Keeper::Waiting Keeper::tell_of_capture(News item)
{
    std::lock_guard lock(news_mutex_);
    news_.push_back(item);
    auto waiting = waiting_.extract(item.number);
    return waiting ? std::move(waiting.mapped()) : Waiting();
}

void Keeper::suspect()
{
    throttle_.suspect(steady_now() + suspicion_lasts);
}

void Keeper::captured(capture::ObjectNumber number, event::Stamp stamp, Stands stands)
{
    for (auto& held : tell_of_capture({News::Kind::captured, number, stamp, stands})) {
        if (held->answered())
            continue;
        auto const seen = look_at(held->fd());
        if (seen && seen->stamp == stamp)
            (void)held->answer(sensor::Answer::allow);
        else // another writer was at it
            capture_for(std::move(held));
    }
}

void Keeper::missed(capture::ObjectNumber number)
{
    for (auto& held : tell_of_capture({News::Kind::missed, number, {}}))
        if (!held->answered())
            capture_for(std::move(held));
}

void Keeper::renamed(capture::ObjectNumber number, event::Stamp stamp)
{
    tell({News::Kind::renamed, number, stamp});
}

void Keeper::excluded(capture::ObjectNumber number)
{
    tell({News::Kind::excluded, number, {}});
}

void Keeper::included(capture::ObjectNumber number)
{
    tell({News::Kind::included, number, {}});
}

void Keeper::gone(capture::ObjectNumber number)
{
    tell({News::Kind::gone, number, {}});
}

void Keeper::deny(std::span<pid_t const> pids)
{
    {
        std::lock_guard lock(denied_mutex_);
        denied_.insert(pids.begin(), pids.end());
        any_denied_.store(!denied_.empty(), std::memory_order_release);
    }
    for (auto& held : asked_.take(pids))
        let_go_or_deny(std::move(held));
}

void Keeper::allow(std::span<pid_t const> pids)
{
    if (any_denied_.load(std::memory_order_acquire)) {
        std::lock_guard lock(denied_mutex_);
        for (auto pid : pids)
            denied_.erase(pid);
        any_denied_.store(!denied_.empty(), std::memory_order_release);
    }
    for (auto& held : asked_.take(pids))
        let_go_or_deny(std::move(held));
}

void Keeper::look_again()
{
    throttle_.look_again();
    asked_.look_again(steady_now());
}

bool Keeper::is_denied(pid_t pid)
{
    if (!any_denied_.load(std::memory_order_acquire))
        return false;
    std::lock_guard lock(denied_mutex_);
    return denied_.contains(pid);
}

Keeper::Counters Keeper::counters() const
{
    Counters out;
    out.opens = opened_count_.load(std::memory_order_relaxed);
    out.held = held_count_.load(std::memory_order_relaxed);
    out.denied = denied_count_.load(std::memory_order_relaxed);
    out.at_risk = at_risk_count_.load(std::memory_order_relaxed);
    out.lost_events = lost_count_.load(std::memory_order_relaxed);
    out.p50_us = latency_.quantile_us(0.5);
    out.p99_us = latency_.quantile_us(0.99);
    return out;
}

} // namespace tocsin::guard
