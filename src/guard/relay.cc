// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/relay.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <system_error>
#include <utility>
#include <vector>

#include "tocsin/base/log.h"
#include "tocsin/base/precedence.h"

namespace tocsin::guard {
namespace {

using namespace std::chrono_literals;

// Bounds what bells in vain cost while one processor keeps the guard busy: 2,000 wake-ups a second
// on the whole machine, however many processors it has.
constexpr std::chrono::microseconds rest_a_processor{500};
constexpr std::chrono::microseconds stood_by_at_most{100}; // most of what happens is judged in a tenth of it
constexpr std::chrono::milliseconds occupied_at_most{1};
constexpr std::chrono::microseconds breath{50};
constexpr int calm_looked_at_every_ms = 2;

std::vector<int> usable_processors()
{
    cpu_set_t usable;
    std::vector<int> processors;
    if (::sched_getaffinity(0, sizeof(usable), &usable) != 0)
        return processors;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (CPU_ISSET(processor, &usable))
            processors.push_back(processor);
    }
    return processors;
}

// Whether a thread may be woken once more without a rest, and stay in the doer's place: the first few times after a
// while without, which may be the first files that somebody destroys. Who works on and on with nothing to be said
// against it is not held up for each of its events.
class Freshness {
public:
    bool take()
    {
        auto const now = std::chrono::steady_clock::now();
        auto const spent_until = std::max(spent_until_, now - in_a_row * regained_in) + regained_in;
        if (spent_until > now)
            return false;
        spent_until_ = spent_until;
        return true;
    }

private:
    static constexpr int in_a_row = 32;
    static constexpr std::chrono::milliseconds regained_in{10}; // one of them

    std::chrono::steady_clock::time_point spent_until_;
};

bool stand_on(std::vector<int> const& processors)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int processor : processors)
        CPU_SET(processor, &set);
    return ::sched_setaffinity(0, sizeof(set), &set) == 0;
}

} // namespace

Result<std::unique_ptr<Relay>> Relay::create(Work work)
{
    UniqueFd ended(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    UniqueFd alarm(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ended || !alarm)
        return Error::from_errno(errno, "eventfd");
    return std::unique_ptr<Relay>(new Relay(std::move(work), std::move(ended), std::move(alarm)));
}

Relay::Relay(Work work, UniqueFd ended, UniqueFd alarm)
    : work_(std::move(work)), ended_(std::move(ended)), alarm_(std::move(alarm))
{
}

Result<void> Relay::run()
{
    watcher_ = std::this_thread::get_id();
    auto others =
        take_precedence("decider", Precedence::decider) ? start_others() : std::vector<std::jthread>();
    take_part({});
    others.clear(); // joins them
    return std::move(outcome_);
}

// One on each usable processor, or as many as a bound on threads permits.
std::vector<std::jthread> Relay::start_others()
{
    std::vector<std::jthread> others;
    processors_ = usable_processors();
    rest_ = rest_a_processor * processors_.size();
    try {
        for (int const processor : processors_) {
            others.emplace_back([this, processor] {
                if (take_precedence("decider", Precedence::decider) && stand_on({processor}))
                    take_part(processor);
            });
        }
    } catch (std::system_error const& error) {
        log_line(Severity::warning,
            fmt::format("a deciding thread stands on {} of {} processors only: {}", others.size(),
                processors_.size(), error.what()));
    }
    return others;
}

// Who waits for everything may be moved, so that no program of higher precedence on one processor
// keeps the guard from deciding; who waits for the bell stays at its post. There is one more than there
// are posts, and none is to stay vacant, for a destroyer there would work on beside the guard.
void Relay::take_part(std::optional<int> post)
{
    Freshness freshness;
    bool is_fresh = true;
    while (run_rounds(is_fresh)) {
        bool const is_watcher = watcher_ == std::this_thread::get_id();
        if (is_watcher && post) {
            stand_on(processors_);
            give_up(*std::exchange(post, {}));
        } else if (!is_watcher && !post && (post = take_vacant_post())) {
            stand_on({*post});
        }
        if (is_watcher) {
            if (auto waited = work_.wait(); !waited.ok())
                fail(waited.take_error());
        } else {
            is_fresh = freshness.take();
            await_bell(is_fresh);
        }
    }
}

void Relay::give_up(int post)
{
    std::lock_guard lock(posts_mutex_);
    vacant_posts_.push_back(post);
}

std::optional<int> Relay::take_vacant_post()
{
    std::lock_guard lock(posts_mutex_);
    if (vacant_posts_.empty())
        return {};
    auto const post = vacant_posts_.back();
    vacant_posts_.pop_back();
    return post;
}

bool Relay::run_rounds(bool is_fresh)
{
    // Who has it looks until nothing is left, and another that slept until it is free would only carry
    // the work away from its processor. The watcher must wait, for it comes again without a rest; and
    // goes when it is the watcher no more.
    std::unique_lock baton(baton_, std::defer_lock);
    if (watcher_ == std::this_thread::get_id()) {
        baton.lock();
        if (watcher_ != std::this_thread::get_id() && !is_over_)
            return true;
    } else if (!(is_fresh ? stand_by(baton) : baton.try_lock())) {
        return true;
    }
    while (!is_over_) {
        auto outcome = work_.round();
        auto round = outcome.ok() ? outcome.take() : Round::over;
        if (round != Round::busy)
            let_go();
        is_calm_ = round == Round::calm;
        if (round == Round::idle || round == Round::calm)
            return true;
        if (round == Round::over)
            end(outcome.ok() ? Result<void>() : Result<void>(outcome.take_error()));
        watcher_ = std::this_thread::get_id();
    }
    return false;
}

// At work rather than asleep: so whoever rang the bell from this processor does not go on meanwhile. Below
// who has the baton and what that one may wait for, as in occupy_mine().
bool Relay::stand_by(std::unique_lock<std::mutex>& baton) const
{
    if (baton.try_lock())
        return true;
    auto const until = std::chrono::steady_clock::now() + stood_by_at_most;
    set_precedence(Precedence::occupier);
    while (!baton.try_lock() && std::chrono::steady_clock::now() < until) { }
    set_precedence(Precedence::decider);
    return baton.owns_lock();
}

void Relay::fail(Error error)
{
    std::lock_guard baton(baton_);
    end(std::move(error));
}

void Relay::end(Result<void> outcome)
{
    if (is_over_)
        return; // of two errors the first is told
    outcome_ = std::move(outcome);
    is_over_ = true;
    ::eventfd_write(ended_.get(), 1);
}

// The end is not looked for while resting: it comes with the baton held, and threads that ask for that
// without a pause would keep the processor from whoever has it.
void Relay::await_bell(bool is_fresh) const
{
    std::array<pollfd, 3> polled{
        pollfd{alarm_.get(), POLLIN, 0}, pollfd{ended_.get(), POLLIN, 0}, pollfd{work_.bell, POLLIN, 0}};
    auto const pause = is_fresh ? 0us : rest_;
    std::timespec const rest{.tv_sec = pause / 1s, .tv_nsec = std::chrono::nanoseconds(pause % 1s).count()};
    bool is_called = ::ppoll(polled.data(), 1, &rest, nullptr) > 0;
    while (!is_called) {
        bool const is_calm = is_calm_;
        polled[2].fd = is_calm ? work_.alarm : work_.bell;
        int const count = ::poll(polled.data(), polled.size(), is_calm ? calm_looked_at_every_ms : -1);
        if (count < 0)
            return;
        is_called = count > 0;
    }
    if ((polled[0].revents & POLLIN) != 0)
        occupy_mine();
}

void Relay::occupy_processors()
{
    if (processors_.size() > 1 && !is_occupying_.exchange(true))
        ::eventfd_write(alarm_.get(), 1);
}

void Relay::let_go()
{
    eventfd_t calls = 0;
    if (is_occupying_.exchange(false))
        ::eventfd_read(alarm_.get(), &calls);
}

// By being at work here: a thread of SCHED_FIFO gives way to no program, and this one to all others of the
// guard, for whoever decides may have to wait for them, or for its processor.
void Relay::occupy_mine() const
{
    if (!is_occupying_)
        return std::this_thread::sleep_for(breath); // it has just ended
    auto const until = std::chrono::steady_clock::now() + occupied_at_most;
    set_precedence(Precedence::occupier);
    while (is_occupying_ && std::chrono::steady_clock::now() < until) { }
    set_precedence(Precedence::decider);
    if (is_occupying_)
        std::this_thread::sleep_for(rest_); // the others' turn
}

} // namespace tocsin::guard
