// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/pool.h"

#include <pthread.h>
#include <sched.h>

#include "tocsin/base/sys.h"
#include "tocsin/capture/clone.h"
#include "tocsin/capture/open_intent.h"

namespace tocsin::capture {
namespace {

constexpr std::size_t walk_queue_limit = 4096;
constexpr int tries_when_torn = 3;
constexpr std::uint64_t large_bytes = 64 * 1024 * 1024;
constexpr std::uint64_t urgent_bytes = 1024 * 1024; // more takes too long to go before all others

} // namespace

namespace {

// Somebody waits for an open, and the verdict for what became of a file that existed: these go
// before all that honest programs do. Nobody waits for the rest.
enum class Haste { urgent, none };

thread_local Haste current_haste = Haste::none;

void take_haste(Haste haste)
{
    if (haste == current_haste)
        return;
    current_haste = haste;
    sched_param param{};
    param.sched_priority = haste == Haste::urgent ? 5 : 0; // below the gate and the decider
    int policy = haste == Haste::urgent ? SCHED_RR : SCHED_OTHER;
    (void)::pthread_setschedparam(::pthread_self(), policy | SCHED_RESET_ON_FORK, &param);
}

bool is_urgent(Job const& job)
{
    return job.held || job.is_throttled || job.is_probe;
}

} // namespace

Pool::Pool(vault::Repository& repository, Surroundings const& around, Sink& sink, Limits limits)
    : repository_(repository), around_(around), sink_(sink), limits_(limits)
{
    for (unsigned i = 0; i < limits_.threads; ++i)
        threads_.emplace_back([this] { work(); });
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
    if (is_urgent(job) && urgent_.size() < limits_.queue_limit) {
        urgent_.push_back(std::move(job));
    } else {
        if (closes_.size() >= limits_.queue_limit)
            return Added::no_room;
        closes_.push_back(std::move(job));
    }
    wake_.notify_one();
    return Added::yes;
}

Pool::Added Pool::add_waiting(Job job)
{
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return stopping_ || walk_.size() < walk_queue_limit; });
    if (stopping_)
        return Added::stopped;
    walk_.push_back(std::move(job));
    wake_.notify_one();
    return Added::yes;
}

std::size_t Pool::backlog() const
{
    std::lock_guard lock(mutex_);
    return urgent_.size() + closes_.size() + walk_.size() + at_work_;
}

void Pool::stop()
{
    std::deque<Job> dropped; // destroyed outside the lock: a held open answers when it goes
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(walk_);
    }
    ending_.request_stop();
    wake_.notify_all();
    room_.notify_all();
    threads_.clear();
}

std::optional<Job> Pool::next()
{
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || !urgent_.empty() || !closes_.empty() || !walk_.empty(); });
    for (auto* queue : {&urgent_, &closes_, &walk_}) {
        if (!queue->empty()) {
            std::optional<Job> job(std::move(queue->front()));
            queue->pop_front();
            ++at_work_;
            room_.notify_one();
            return job;
        }
    }
    return {};
}

void Pool::work()
{
    ::pthread_setname_np(::pthread_self(), "capture");
    Reader reader(repository_);
    take_haste(Haste::urgent); // also while asleep: it decides how soon we wake
    while (auto job = next()) {
        if (!is_urgent(*job))
            take_haste(Haste::none);
        sink_.captured(carry_out(std::move(*job), reader));
        take_haste(Haste::urgent);
        std::lock_guard lock(mutex_);
        --at_work_;
    }
}

Outcome Pool::carry_out(Job job, Reader& reader)
{
    Outcome out{Error(Errc::not_found, "nothing to capture"), {}, job.occasion, job.writer, job.is_throttled,
        job.is_probe, {}, job.by_handle};
    UniqueFd opened;
    if (!job.by_handle.handle.bytes.empty()) {
        auto object = open_object(job.by_handle, job.kind);
        if (!object.ok())
            out.version = object.take_error();
        else
            opened = object.take();
    }
    int fd = job.held ? job.held->fd() : job.fd ? job.fd.get() : opened.get();
    if (fd >= 0) {
        if (auto status = sys::stat_fd(fd); status.ok()) {
            auto s = status.take();
            out.number = {sys::device_of(s), s.stx_ino};
            if (s.stx_size > urgent_bytes)
                take_haste(Haste::none);
        }
        out.version = read_version(job, fd, reader);
    }
    out.held = std::move(job.held);
    return out;
}

Result<UniqueFd> Pool::open_object(event::ObjectKey const& key, event::ObjectKind kind) const
{
    auto mount = around_.mount_fd(key.filesystem);
    if (mount < 0)
        return Error(Errc::not_found, "the file system is no longer protected");
    // A device or a pipe is never opened itself.
    int flags = kind == event::ObjectKind::regular ? O_RDONLY | O_NOATIME | O_NONBLOCK | O_LARGEFILE : O_PATH;
    return sys::open_by_handle(mount, key.handle, flags);
}

Result<event::Version> Pool::read_version(Job const& job, int fd, Reader& reader) const
{
    // Small files are finished also at the end; a large one would keep the guard from ending.
    auto status = TRY(sys::stat_fd(fd));
    auto stop = status.stx_size > large_bytes ? ending_.get_token() : std::stop_token();
    if (around_.is_excluded(path_of(fd)))
        return Error(Errc::unsupported, "excluded");
    if (!taking_.load())
        return Error(Errc::full, "the repository's disk is too full to capture '" + path_of(fd) + "'");
    // Where nothing is at stake the opener need not wait; the content is captured all the same.
    if (job.held && intent_of_process(job.held->pid()) == OpenIntent::read_only)
        (void)job.held->answer(sensor::Answer::allow);
    auto copy = clone(fd);
    if (copy.ok()) {
        if (job.held)
            (void)job.held->answer(sensor::Answer::allow); // what was there is safe in the clone
        auto clone_fd = copy.take();
        auto version = TRY(describe(fd));
        TRY(reader.read_content(clone_fd.get(), version, stop));
        return version;
    }
    for (int attempt = 1;; ++attempt) {
        auto version = reader.read(fd, stop);
        if (version.ok() || version.error().code() != Errc::again || attempt == tries_when_torn
            || stop.stop_requested())
            return version;
    }
}

Result<UniqueFd> Pool::clone(int fd) const
{
    auto status = TRY(sys::stat_fd(fd));
    if (!S_ISREG(status.stx_mode) || status.stx_size < limits_.clone_from_bytes)
        return Error(Errc::unsupported, "small files are read at once");
    auto filesystem = TRY(sys::filesystem_id(fd));
    auto mount = around_.mount_fd(filesystem);
    if (mount < 0)
        return Error(Errc::not_found, "the file system is no longer protected");
    return clone_file(fd, mount);
}

} // namespace tocsin::capture
