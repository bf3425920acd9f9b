// SPDX-License-Identifier: Apache-2.0
// capture/pool.h -- the threads that read versions into the vault.
//
// Four queues, most urgent first: what somebody or the verdict waits for, closes, what can wait, and the walk.
// What can wait is read when a processor has nothing else to do, until it has waited for long or is much: a
// program that only makes files is not slowed down by their capture.
// Large files are read by the first thread only, however many there are, so that the others stay
// free for all that is small: they look at a large file, clone it where that works, and leave the
// reading to the first. What came of a job goes to the sink, from the thread that ended it.
// Owns what its jobs own (descriptors, held opens). Threads: all but stop() from any thread.
// Bounds: `queue_limit` urgent jobs and as many closes, those that can wait among them (each keeps a descriptor open); what is urgent
// and does not fit waits among the closes, and what does not fit there is refused: the caller counts
// it as at risk, and a held open is allowed as it goes. The walk waits for room.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tocsin/capture/read.h"
#include "tocsin/sensor/held_open.h"

namespace tocsin::capture {

// How stat(2) names an object: what the answering thread can afford to look up.
struct ObjectNumber {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    auto operator<=>(ObjectNumber const&) const = default;
};

} // namespace tocsin::capture

template <>
struct std::hash<tocsin::capture::ObjectNumber> {
    std::size_t operator()(tocsin::capture::ObjectNumber const& n) const noexcept
    {
        return std::hash<std::uint64_t>{}(n.inode * 0x9e3779b97f4a7c15ULL ^ n.device);
    }
};

namespace tocsin::capture {

// One object to capture. Exactly one of `fd`, `held` and `by_handle` says where it is.
struct Job {
    event::Occasion occasion = event::Occasion::walk;
    pid_t writer = 0; // thread group that closed it; 0: nobody
    bool is_throttled = false; // its writer may have to wait until this is judged
    bool is_probe = false; // of a file that somebody has open: to be judged at once
    bool can_wait = false; // nobody is likely to ask for it soon
    bool is_awaited = false; // somebody waits in open(2) for it
    bool only_looks = false; // `held` is let go where it only reads, and nothing is captured
    ObjectNumber number; // where the caller knows it
    UniqueFd fd;
    std::shared_ptr<sensor::HeldOpen> held; // to be answered by whoever gets the outcome
    event::ObjectKey by_handle; // an empty handle: none
    event::ObjectKind kind = event::ObjectKind::regular; // of `by_handle`
};

struct Outcome {
    // `not_found`: the object is gone. `again`: torn, a writer is at it. `unsupported`: excluded.
    // `invalid`: beyond the bounds of one version, at risk until it is smaller.
    Result<event::Version> version;
    ObjectNumber number; // zero where it could not be found out
    event::Occasion occasion;
    pid_t writer;
    bool is_throttled;
    bool is_probe;
    bool can_wait;
    std::shared_ptr<sensor::HeldOpen> held;
    event::ObjectKey key; // of a failure, where it could be found out: to ask again
};

class Sink {
public:
    virtual ~Sink() = default;
    virtual void captured(Outcome outcome) = 0; // any pool thread; may wait
};

// What the pool has to know about the protected trees. Called from any pool thread.
class Surroundings {
public:
    virtual ~Surroundings() = default;
    // A directory on this file system, to open its objects by handle and to clone on; -1: none.
    virtual int mount_fd(std::uint64_t filesystem) const = 0;
    virtual bool is_excluded(std::string const& path) const = 0;
    virtual bool excludes_any() const = 0; // else no path need be looked up
};

class Pool {
public:
    struct Limits {
        unsigned threads = 2;
        std::size_t queue_limit = 100'000;
        std::size_t patient_limit = 50'000; // more than this no longer waits for an idle processor
        std::chrono::milliseconds patience{5'000}; // nor what has waited for longer
        std::uint64_t clone_from_bytes = 4 * 1024 * 1024;
        std::uint64_t large_bytes = 64 * 1024 * 1024; // more is read by the first thread only
    };

    // Borrows everything; all must outlive the pool.
    Pool(vault::Repository& repository, Surroundings const& around, Sink& sink, Limits limits);
    ~Pool(); // stop()

    enum class Added { yes, no_room, stopped };
    Added add(Job job);
    Added add_waiting(Job job); // waits while the walk's queue is long

    // `held` waits for what was added of this object, which goes before all others from here on. Should it
    // only read, it is let go.
    void hasten(ObjectNumber number, std::shared_ptr<sensor::HeldOpen> held);

    // Somebody waits for all that was added so far: nothing of it waits for an idle processor any more.
    void hurry();
    // To be called now and then: nor does what is being read for longer than `Limits::patience`.
    void hurry_overdue();

    // While off, every capture is `full`: the repository's disk must not be filled further.
    void set_taking(bool on) { taking_.store(on); }

    std::size_t backlog() const;
    // Finishes what is urgent and closed, drops the walk, gives up large files (`again`); then joins.
    void stop();

private:
    class Worker; // one a thread
    enum class Role { any, small_files };
    struct Clone { // an object as it was
        UniqueFd content;
        event::Version version; // but for the content
    };
    // Somebody waits for an open, and the verdict for what became of a file that existed: these go
    // before all that honest programs do. Nobody waits for the rest, and for some of it not even the verdict.
    // A thread changes its own outside of all locks, since the lower one may take its processor at once.
    enum class Haste { urgent, usual, none };
    struct Task {
        Job job;
        UniqueFd opened{}; // of a job by handle
        ObjectNumber number{}; // from here on: once the object has been looked at
        std::uint64_t size = 0;
        std::optional<Clone> clone{};
        SteadyTime added = SteadyTime::max(); // of what can wait
        Haste haste = Haste::usual; // once it is at work
    };
    using Queue = std::list<Task>;
    enum class Wait { no, yes };
    std::optional<Task> next(Role role, Wait waiting);
    Task take_from(Queue& queue); // under `mutex_`
    Haste haste_for(Task const& task) const; // under `mutex_`
    void hurry_workers(); // under `mutex_`
    bool leave_to_other(Task& task);
    void done(Haste haste); // with what next() gave

    vault::Repository& repository_;
    Surroundings const& around_;
    Sink& sink_;
    Limits limits_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable room_;
    Queue urgent_;
    Queue closes_;
    Queue patient_;
    Queue walk_;
    Queue large_; // of any of these, once one has been looked at
    std::unordered_map<ObjectNumber, Queue::iterator>
        unread_; // the newest of an object in closes_ or patient_
    std::size_t at_work_ = 0;
    std::size_t pressing_at_work_ = 0; // of these, what cannot wait
    bool is_patient_ = true; // not after hurry(), until the queues are empty
    std::vector<Worker*> workers_; // those that live
    std::atomic<bool> taking_{true};
    bool stopping_ = false;
    std::stop_source ending_; // for those who read
    std::vector<std::jthread> threads_;
};

} // namespace tocsin::capture
