// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/pool.h"

#include <algorithm>
#include <array>
#include <pthread.h>

#include "tocsin/base/precedence.h"
#include "tocsin/base/sys.h"
#include "tocsin/capture/clone.h"
#include "tocsin/capture/open_intent.h"

namespace tocsin::capture {
namespace {

constexpr std::size_t walk_queue_limit = 4096;
constexpr int tries_when_torn = 3;
constexpr std::uint64_t urgent_bytes = 1024 * 1024; // more takes too long to go before all others

event::ObjectKey key_of(int fd)
{
    auto filesystem = sys::filesystem_id(fd);
    auto handle = sys::handle_of(fd);
    return filesystem.ok() && handle.ok() ? event::ObjectKey{filesystem.take(), handle.take()}
                                          : event::ObjectKey{};
}

bool is_urgent(Job const& job)
{
    return job.held || job.is_throttled || job.is_probe || job.is_awaited;
}

} // namespace

// What one thread of the pool is and has. Made, used and destroyed in that thread.
class Pool::Worker {
public:
    Worker(Pool& pool, Role role) : pool_(pool), role_(role), reader_(pool.repository_) { }
    void work();
    // Any thread: where it reads what can wait, it no longer waits for an idle processor.
    void hurry();
    void hurry_if_since(SteadyTime limit); // what it reads was added before

private:
    std::optional<Task> next_task();
    void take_haste(Haste haste);
    std::optional<Outcome> carry_out(Task task);
    Result<UniqueFd> open_object(event::ObjectKey const& key, event::ObjectKind kind) const;
    static int fd_of(Task const& task);
    Result<void> prepare(Task& task) const;
    Result<event::Version> read_version(Task& task, std::stop_token const& stop);
    Result<Clone> clone_of(int fd) const;

    Pool& pool_;
    Role const role_;
    Reader reader_;
    pthread_t const thread_ = ::pthread_self();
    std::atomic<Haste> haste_{Haste::usual};
    std::atomic<SteadyTime> since_{SteadyTime{}}; // of what it reads
};

Pool::Pool(vault::Repository& repository, Surroundings const& around, Sink& sink, Limits limits)
    : repository_(repository), around_(around), sink_(sink), limits_(limits)
{
    for (unsigned i = 0; i < limits_.threads; ++i)
        threads_.emplace_back(
            [this, role = i == 0 ? Role::any : Role::small_files] { Worker(*this, role).work(); });
}

Pool::~Pool()
{
    stop();
}

Pool::Added Pool::add(Job job)
{
    std::lock_guard lock(mutex_);
    if (stopping_)
        return Added::stopped;
    bool const can_wait = job.can_wait;
    if (is_urgent(job) && urgent_.size() < limits_.queue_limit) {
        urgent_.push_back({.job = std::move(job)});
    } else {
        if (closes_.size() + patient_.size() + large_.size() >= limits_.queue_limit)
            return Added::no_room;
        auto& queue = can_wait ? patient_ : closes_; // the facts of a close may be what the verdict is after
        auto const number = job.number;
        queue.push_back({.job = std::move(job), .added = can_wait ? steady_now() : SteadyTime::max()});
        if (number != ObjectNumber{})
            unread_[number] = std::prev(queue.end());
    }
    if (!can_wait)
        hurry_workers();
    wake_.notify_one();
    return Added::yes;
}

// Who reads what can wait may have no processor for seconds, and holds what others need.
void Pool::hurry_workers()
{
    for (auto* worker : workers_)
        worker->hurry();
}

void Pool::hasten(ObjectNumber number, std::shared_ptr<sensor::HeldOpen> held)
{
    std::lock_guard lock(mutex_);
    if (stopping_)
        return;
    if (urgent_.size() < limits_.queue_limit) {
        Job look;
        look.only_looks = true;
        look.held = std::move(held);
        urgent_.push_back({.job = std::move(look)});
    }
    if (auto const at = unread_.find(number); at != unread_.end()) {
        auto const task = at->second;
        unread_.erase(at);
        task->job.is_awaited = true;
        auto& queue = task->job.can_wait ? patient_ : closes_;
        task->job.can_wait = false;
        task->added = SteadyTime::max();
        urgent_.splice(urgent_.end(), queue, task);
        wake_.notify_one();
    }
    hurry_workers();
    wake_.notify_one();
}

void Pool::hurry()
{
    std::lock_guard lock(mutex_);
    is_patient_ = false;
    hurry_workers();
}

void Pool::hurry_overdue()
{
    auto const limit = steady_now() - limits_.patience;
    std::lock_guard lock(mutex_);
    for (auto* worker : workers_)
        worker->hurry_if_since(limit);
}

Pool::Haste Pool::haste_for(Task const& task) const
{
    if (is_urgent(task.job))
        return Haste::urgent;
    bool const is_alone = urgent_.empty() && closes_.empty() && pressing_at_work_ == 0;
    bool const waits_on = task.job.can_wait && is_alone && is_patient_ && !stopping_
        && patient_.size() < limits_.patient_limit && steady_now() - task.added < limits_.patience;
    return waits_on ? Haste::none : Haste::usual;
}

Pool::Added Pool::add_waiting(Job job)
{
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return stopping_ || walk_.size() + large_.size() < walk_queue_limit; });
    if (stopping_)
        return Added::stopped;
    walk_.push_back({.job = std::move(job)});
    wake_.notify_one();
    return Added::yes;
}

std::size_t Pool::backlog() const
{
    std::lock_guard lock(mutex_);
    return urgent_.size() + closes_.size() + patient_.size() + walk_.size() + large_.size() + at_work_;
}

void Pool::stop()
{
    Queue dropped; // destroyed outside the lock: a held open answers when it goes
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(walk_);
        hurry_workers();
    }
    ending_.request_stop();
    wake_.notify_all();
    room_.notify_all();
    threads_.clear();
}

std::optional<Pool::Task> Pool::next(Role role, Wait waiting)
{
    // The thread for large files takes those first: nobody else does.
    std::array<Queue*, 5> const queues{
        role == Role::any ? &large_ : nullptr, &urgent_, &closes_, &patient_, &walk_};
    auto has_task = [](auto const* queue) { return queue != nullptr && !queue->empty(); };
    std::unique_lock lock(mutex_);
    if (waiting == Wait::yes)
        wake_.wait(lock, [&] { return stopping_ || std::ranges::any_of(queues, has_task); });
    auto queue = std::ranges::find_if(queues, has_task);
    if (queue == queues.end())
        return {};
    std::optional<Task> task(take_from(**queue));
    task->haste = haste_for(*task);
    pressing_at_work_ += task->haste == Haste::none ? 0 : 1;
    ++at_work_;
    room_.notify_one();
    return task;
}

Pool::Task Pool::take_from(Queue& queue)
{
    auto const first = queue.begin();
    if (auto const at = unread_.find(first->job.number); at != unread_.end() && at->second == first)
        unread_.erase(at);
    Task task = std::move(*first);
    queue.pop_front();
    return task;
}

// To the thread for large files, held opens before others. False at the end: then nobody takes it.
bool Pool::leave_to_other(Task& task)
{
    std::lock_guard lock(mutex_);
    if (stopping_)
        return false;
    task.opened.reset(); // to be opened anew: not one descriptor for each that waits
    auto before = large_.end();
    if (is_urgent(task.job))
        before = std::ranges::find_if(large_, [](Task const& other) { return !is_urgent(other.job); });
    large_.insert(before, std::move(task));
    wake_.notify_all();
    return true;
}

void Pool::done(Haste haste)
{
    std::lock_guard lock(mutex_);
    pressing_at_work_ -= haste == Haste::none ? 0 : 1;
    --at_work_;
    bool const is_over =
        urgent_.empty() && closes_.empty() && patient_.empty() && large_.empty() && at_work_ == 0;
    is_patient_ = is_patient_ || is_over;
}

void Pool::Worker::work()
{
    ::pthread_setname_np(thread_, "capture");
    {
        std::lock_guard lock(pool_.mutex_);
        pool_.workers_.push_back(this);
    }
    while (auto task = next_task()) {
        auto const haste = task->haste;
        since_ = task->added;
        take_haste(haste);
        auto outcome = carry_out(std::move(*task));
        hurry(); // before a lock is taken that the gate or the deciding thread may wait for
        if (outcome)
            pool_.sink_.captured(std::move(*outcome));
        pool_.done(haste);
    }
    std::lock_guard lock(pool_.mutex_);
    std::erase(pool_.workers_, this);
}

std::optional<Pool::Task> Pool::Worker::next_task()
{
    if (auto task = pool_.next(role_, Wait::no))
        return task;
    take_haste(Haste::urgent); // while it sleeps: that decides how soon it wakes
    return pool_.next(role_, Wait::yes);
}

void Pool::Worker::take_haste(Haste haste)
{
    static constexpr std::array precedences{Precedence::capture, Precedence::none, Precedence::idle};
    if (haste_.exchange(haste) == haste)
        return;
    set_precedence(thread_, precedences[static_cast<std::size_t>(haste)]);
    if (haste_ != haste) // somebody was in a hurry meanwhile
        set_precedence(thread_, Precedence::none);
}

void Pool::Worker::hurry()
{
    auto patient = Haste::none;
    if (haste_.compare_exchange_strong(patient, Haste::usual))
        set_precedence(thread_, Precedence::none);
}

void Pool::Worker::hurry_if_since(SteadyTime limit)
{
    if (since_.load() < limit)
        hurry();
}

// Nothing when the task was left to the other thread.
std::optional<Outcome> Pool::Worker::carry_out(Task task)
{
    auto& job = task.job;
    if (job.only_looks) {
        if (intent_of_process(job.held->pid()) == OpenIntent::read_only)
            (void)job.held->answer(sensor::Answer::allow);
        return {};
    }
    if (task.number == ObjectNumber{})
        task.number = job.number;
    auto prepared = task.clone ? Result<void>() : prepare(task);
    if (task.size > urgent_bytes && haste_ == Haste::urgent)
        take_haste(Haste::usual);
    bool is_large = task.size > pool_.limits_.large_bytes;
    if (prepared.ok() && is_large && role_ == Role::small_files && pool_.leave_to_other(task))
        return {};
    // Small files are finished also at the end; a large one would keep the guard from ending.
    auto stop = is_large ? pool_.ending_.get_token() : std::stop_token();
    auto version = prepared.ok() ? read_version(task, stop) : prepared.take_error();
    auto key = job.by_handle;
    if (!version.ok() && key.handle.bytes.empty() && fd_of(task) >= 0)
        key = key_of(fd_of(task));
    return Outcome{std::move(version), task.number, job.occasion, job.writer, job.is_throttled, job.is_probe,
        job.can_wait, std::move(job.held), std::move(key)};
}

Result<UniqueFd> Pool::Worker::open_object(event::ObjectKey const& key, event::ObjectKind kind) const
{
    auto mount = pool_.around_.mount_fd(key.filesystem);
    if (mount < 0)
        return Error(Errc::not_found, "the file system is no longer protected");
    // A device or a pipe is never opened itself.
    int flags = kind == event::ObjectKind::regular ? O_RDONLY | O_NOATIME | O_NONBLOCK | O_LARGEFILE : O_PATH;
    return sys::open_by_handle(mount, key.handle, flags);
}

int Pool::Worker::fd_of(Task const& task)
{
    return task.job.held ? task.job.held->fd() : task.job.fd ? task.job.fd.get() : task.opened.get();
}

// Looks at the object, and lets the opener go where that is possible before the content is read.
Result<void> Pool::Worker::prepare(Task& task) const
{
    auto const& job = task.job;
    if (!job.by_handle.handle.bytes.empty())
        task.opened = TRY(open_object(job.by_handle, job.kind));
    int fd = fd_of(task);
    if (fd < 0)
        return Error(Errc::not_found, "nothing to capture");
    auto status = TRY(sys::stat_fd(fd));
    task.number = {sys::device_of(status), status.stx_ino};
    task.size = S_ISREG(status.stx_mode) ? status.stx_size : 0;
    if (pool_.around_.excludes_any() && pool_.around_.is_excluded(path_of(fd)))
        return Error(Errc::unsupported, "excluded");
    if (!pool_.taking_.load())
        return Error(Errc::full, "the repository's disk is too full to capture '" + path_of(fd) + "'");
    // Where nothing is at stake the opener need not wait; the content is captured all the same.
    if (job.held && intent_of_process(job.held->pid()) == OpenIntent::read_only)
        (void)job.held->answer(sensor::Answer::allow);
    if (task.size < pool_.limits_.clone_from_bytes)
        return {};
    auto clone = clone_of(fd);
    if (!clone.ok())
        return {}; // then the object itself is read
    task.clone = clone.take();
    task.size = task.clone->version.metadata.size;
    if (job.held)
        (void)job.held->answer(sensor::Answer::allow); // what was there is safe in the clone
    return {};
}

Result<event::Version> Pool::Worker::read_version(Task& task, std::stop_token const& stop)
{
    if (task.clone) {
        auto version = std::move(task.clone->version);
        TRY(reader_.read_content(task.clone->content.get(), version, stop));
        return version;
    }
    for (int attempt = 1;; ++attempt) {
        auto version = reader_.read(fd_of(task), stop);
        if (version.ok() || version.error().code() != Errc::again || attempt == tries_when_torn
            || stop.stop_requested())
            return version;
    }
}

// Metadata and content of one moment: who waits for it may truncate the object as soon as it is let go.
Result<Pool::Clone> Pool::Worker::clone_of(int fd) const
{
    auto filesystem = TRY(sys::filesystem_id(fd));
    auto mount = pool_.around_.mount_fd(filesystem);
    if (mount < 0)
        return Error(Errc::not_found, "the file system is no longer protected");
    for (int attempt = 1;; ++attempt) {
        auto version = TRY(describe(fd));
        auto content = TRY(clone_file(fd, mount));
        auto after = TRY(sys::stat_fd(fd));
        if (event::stamp_of(after) != event::stamp_of(version.metadata) && attempt < tries_when_torn)
            continue;
        // After the last try there is somebody who writes all the time: the content of the clone is
        // whole, and the times are those of just before.
        auto copy = TRY(sys::stat_fd(content.get()));
        version.metadata.size = copy.stx_size;
        return Clone{std::move(content), std::move(version)};
    }
}

} // namespace tocsin::capture
