// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/gate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/sensor/fanotify/marks.h"

namespace tocsin::sensor::fanotify {
namespace {

constexpr std::uint64_t gate_mask = FAN_OPEN_PERM | FAN_CLOSE_WRITE | FAN_EVENT_ON_CHILD;

class Group final : public AnswerChannel {
public:
    explicit Group(UniqueFd fd) : fd_(std::move(fd)) { }
    int fd() const { return fd_.get(); }
    void send(int event_fd, Answer answer) noexcept override
    {
        fanotify_response response{};
        response.fd = event_fd;
        response.response = answer == Answer::allow ? FAN_ALLOW : FAN_DENY;
        ssize_t written = 0;
        do {
            written = ::write(fd_.get(), &response, sizeof(response));
        } while (written < 0 && errno == EINTR);
        // Any other failure means that nobody waits any more (the opener was killed).
    }

private:
    UniqueFd fd_;
};

class FanotifyGate final : public Gate {
public:
    FanotifyGate(UniqueFd group, UniqueFd wake)
        : group_(std::make_shared<Group>(std::move(group))), wake_(std::move(wake))
    {
    }

    Result<void> mark(int dir_fd, MarkScope scope) override
    {
        std::lock_guard lock(marking_);
        if (is_over_)
            return {}; // nobody would answer who opens below it
        return set_mark(group_->fd(), MarkChange::add, dir_fd, scope, gate_mask);
    }
    Result<void> unmark(int dir_fd, MarkScope scope) override
    {
        return set_mark(group_->fd(), MarkChange::remove, dir_fd, scope, gate_mask);
    }

    Result<void> serve(GateKeeper& keeper) override
    {
        auto outcome = serve_until_stopped(keeper);
        {
            std::lock_guard lock(marking_);
            is_over_ = true;
        }
        let_all_go(keeper);
        keeper.ended();
        return outcome;
    }

    void stop() override
    {
        std::uint64_t one = 1;
        [[maybe_unused]] auto written = ::write(wake_.get(), &one, sizeof(one));
    }

    std::uint64_t unreadable_events() const override { return unreadable_.load(std::memory_order_relaxed); }

private:
    Result<void> serve_until_stopped(GateKeeper& keeper)
    {
        alignas(fanotify_event_metadata) std::array<std::byte, 16384> buffer;
        std::array<pollfd, 2> polled{pollfd{group_->fd(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
        for (;;) {
            keeper.turned();
            if (::poll(polled.data(), polled.size(), static_cast<int>(turns_every.count())) < 0) {
                if (errno == EINTR)
                    continue;
                return Error::from_errno(errno, "poll the fanotify group");
            }
            if ((polled[1].revents & POLLIN) != 0)
                return {};
            if ((polled[0].revents & POLLIN) == 0)
                continue;
            auto size = ::read(group_->fd(), buffer.data(), buffer.size());
            if (size > 0)
                handle(std::span(buffer).first(static_cast<std::size_t>(size)), keeper);
            else if (size < 0 && is_of_the_group(errno))
                return Error::from_errno(errno, "read from the fanotify group");
            else if (size < 0 && errno != EINTR)
                unreadable_.fetch_add(1, std::memory_order_relaxed); // the queue was not empty
        }
    }

    // Without FAN_REPORT_FD_ERROR the kernel opens each event's object in our read(2), and that open's
    // error is what read returns: EIO, ENOMEM, EMFILE, EAGAIN (a lease). One event is gone by it,
    // and its opener was denied; the next read goes on with the next event.
    static bool is_of_the_group(int number)
    {
        return number == EBADF || number == EINVAL || number == EFAULT;
    }

    // Nobody will answer from here on: no mark may make anybody wait, and who waits goes on.
    void let_all_go(GateKeeper& keeper) noexcept
    {
        (void)::fanotify_mark(group_->fd(), FAN_MARK_FLUSH, 0, AT_FDCWD, nullptr);
        (void)::fanotify_mark(group_->fd(), FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0, AT_FDCWD, nullptr);
        alignas(fanotify_event_metadata) std::array<std::byte, 16384> buffer;
        pollfd polled{group_->fd(), POLLIN, 0};
        for (;;) { // until the queue is empty: the error of one event leaves others behind it
            keeper.turned();
            auto ready = ::poll(&polled, 1, 0);
            if (ready == 0 || (ready < 0 && errno != EINTR))
                return;
            auto left = ::read(group_->fd(), buffer.data(), buffer.size());
            if (left < 0 && is_of_the_group(errno))
                return;
            auto const* event = reinterpret_cast<fanotify_event_metadata const*>(buffer.data());
            for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
                UniqueFd object(std::max(event->fd, -1));
                if (object && (event->mask & FAN_OPEN_PERM) != 0)
                    group_->send(object.get(), Answer::allow);
            }
        }
    }

    void handle(std::span<std::byte const> events, GateKeeper& keeper)
    {
        auto const* event = reinterpret_cast<fanotify_event_metadata const*>(events.data());
        auto left = events.size();
        for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
            if ((event->mask & FAN_Q_OVERFLOW) != 0)
                keeper.lost_events();
            else if (event->fd >= 0)
                handle_one(*event, UniqueFd(event->fd), keeper);
            else // an errno: the kernel has denied the opener by itself, and takes no answer
                unreadable_.fetch_add(1, std::memory_order_relaxed);
        }
    }

    void handle_one(fanotify_event_metadata const& event, UniqueFd object, GateKeeper& keeper)
    {
        if ((event.mask & FAN_OPEN_PERM) == 0) {
            keeper.closed(std::move(object), event.pid);
            return;
        }
        auto began = steady_now();
        auto ruling = keeper.rule_open(object.get(), event.pid);
        if (ruling == Ruling::hold)
            keeper.hold(std::make_shared<HeldOpen>(group_, std::move(object), event.pid, began));
        else
            group_->send(object.get(), ruling == Ruling::allow ? Answer::allow : Answer::deny);
        keeper.after_open(ruling, began);
    }

    std::shared_ptr<Group> group_; // held opens keep it alive until they are answered
    UniqueFd wake_;
    std::mutex marking_; // not taken while opens are answered
    bool is_over_ = false; // under `marking_`
    std::atomic<std::uint64_t> unreadable_{0};
};

constexpr unsigned group_flags =
    FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS;
constexpr unsigned report_fd_error = 0x00002000; // FAN_REPORT_FD_ERROR of Linux 6.13

// Of the descriptors that come with events. O_NONBLOCK: somebody's lease (F_SETLEASE) on the object
// would else keep us in read(2) until it is given up, 45 seconds by default.
constexpr unsigned event_flags = O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME | O_NONBLOCK;

int init_group(EventErrors errors)
{
    if (errors == EventErrors::of_the_read)
        return ::fanotify_init(group_flags, event_flags);
    int group = ::fanotify_init(group_flags | report_fd_error, event_flags);
    return group < 0 && errno == EINVAL ? init_group(EventErrors::of_the_read) : group;
}

} // namespace

Result<std::unique_ptr<Gate>> open_gate(EventErrors errors)
{
    int group = init_group(errors);
    if (group < 0)
        return Error::from_errno(errno, "fanotify_init (permission events)");
    UniqueFd group_fd(group);
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error::from_errno(errno, "eventfd");
    return std::unique_ptr<Gate>(std::make_unique<FanotifyGate>(std::move(group_fd), std::move(wake)));
}

Result<std::unique_ptr<Gate>> open_gate()
{
    return open_gate(EventErrors::in_the_event);
}

} // namespace tocsin::sensor::fanotify
