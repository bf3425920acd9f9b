// SPDX-License-Identifier: Apache-2.0
// respond/testing/process_tree.h -- real processes for tests to freeze, and their certain end.
//
// Every process is in one group of its own, gives way to all others (nice 19), ends itself after 30 s, and
// is killed with its group when the tree goes out of scope. Should the test die first, the kernel sends the
// orphaned group SIGHUP and SIGCONT, also where it is stopped.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <new>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/base/proc.h"
#include "tocsin/event/process.h"

namespace tocsin::respond {

// Makes the test first in line for the processor, as the guard's thread is, where it has the right
// to; its children are not.
class FirstInLine {
public:
    FirstInLine()
    {
        sched_param priority{};
        priority.sched_priority = 10;
        is_granted_ = ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
    }
    ~FirstInLine()
    {
        sched_param none{};
        (void)::sched_setscheduler(0, SCHED_OTHER, &none);
    }
    FirstInLine(FirstInLine const&) = delete;
    FirstInLine& operator=(FirstInLine const&) = delete;

    bool is_granted() const { return is_granted_; }

private:
    bool is_granted_ = false;
};

// Memory that all processes of a tree share.
struct Shared {
    std::atomic<int> started{0};
    std::atomic<std::uint64_t> work{0};
    std::atomic<bool> go{false};
};

class ProcessTree {
public:
    using Body = std::function<void(Shared&)>;

    // Runs `body` in a child that leads a group of its own.
    explicit ProcessTree(Body const& body)
    {
        void* memory =
            ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            std::abort();
        shared_ = new (memory) Shared;
        top_ = ::fork();
        if (top_ < 0)
            std::abort();
        if (top_ == 0) {
            (void)::setpgid(0, 0);
            (void)::alarm(30);
            (void)::setpriority(PRIO_PROCESS, 0, 19);
            ++shared_->started;
            body(*shared_);
            ::_exit(0);
        }
        (void)::setpgid(top_, top_);
    }
    ~ProcessTree()
    {
        (void)::kill(-top_, SIGKILL); // our unreaped child leads it: the number is still its own
        (void)::waitpid(top_, nullptr, 0);
        (void)::munmap(shared_, sizeof(Shared));
    }
    ProcessTree(ProcessTree const&) = delete;
    ProcessTree& operator=(ProcessTree const&) = delete;

    // One more process, within a body.
    template <typename Child>
    static void spawn(Shared& shared, Child child)
    {
        if (::fork() == 0) {
            (void)::alarm(30);
            ++shared.started;
            child();
            ::_exit(0);
        }
    }
    [[noreturn]] static void spin(Shared& shared)
    {
        for (;;)
            ++shared.work;
    }
    // Does something a thousand times a second.
    [[noreturn]] static void work(Shared& shared)
    {
        for (;; (void)::usleep(1000))
            ++shared.work;
    }
    // Waits until the test says go(), then works.
    [[noreturn]] static void work_when_told(Shared& shared)
    {
        while (!shared.go)
            (void)::usleep(1000);
        work(shared);
    }

    Shared& shared() { return *shared_; }
    pid_t pid() const { return top_; }
    event::ProcessKey top() const { return {top_, proc_.thread_stat(top_, top_).take().start_ticks}; }

    bool wait_for(int started) const
    {
        auto deadline = steady_now() + std::chrono::seconds(20);
        while (shared_->started < started && steady_now() < deadline)
            (void)::usleep(200);
        return shared_->started >= started;
    }

    // All of the group that have not ended.
    std::vector<proc::Stat> members() const
    {
        std::vector<proc::Stat> out;
        for (auto pid : proc_.processes().take()) {
            auto stat = proc_.stat(pid);
            if (!stat.ok() || ::getpgid(pid) != top_)
                continue;
            auto held = stat.take();
            if (!held.has_ended())
                out.push_back(std::move(held));
        }
        return out;
    }
    // Members with a thread that is not stopped.
    std::vector<pid_t> running() const
    {
        std::vector<pid_t> out;
        for (auto const& stat : members()) {
            auto threads = proc_.threads(stat.pid);
            if (!threads.ok())
                continue;
            for (auto tid : threads.take()) {
                auto thread = proc_.thread_stat(stat.pid, tid);
                if (thread.ok() && thread.take().state != 'T') {
                    out.push_back(stat.pid);
                    break;
                }
            }
        }
        return out;
    }

private:
    Shared* shared_ = nullptr;
    pid_t top_ = 0;
    proc::ProcDir proc_ = proc::ProcDir::open().take();
};

} // namespace tocsin::respond
