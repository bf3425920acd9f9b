// SPDX-License-Identifier: Apache-2.0
// base/pid_ref.h -- a process that can be signalled without hitting a stranger with its number.
#pragma once

#include <chrono>
#include <sys/types.h>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin {

// Owns a pidfd. Stays with one process although the number may be used again.
class PidRef {
public:
    // `not_found` when there is no such process (any more).
    static Result<PidRef> open(pid_t pid);

    pid_t pid() const { return pid_; }
    Result<void> signal(int number) const; // `not_found` once it has ended
    // To one of its threads, which thread_stat() and threads() name; nothing where the process has ended.
    void signal_thread(pid_t thread, int number) const;
    // The same file as its descriptor of this number, without its knowing (pidfd_getfd(2)).
    Result<UniqueFd> descriptor(int number) const;
    bool ended() const;
    bool ends_within(std::chrono::milliseconds limit) const;

private:
    PidRef(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) { }

    pid_t pid_;
    UniqueFd fd_;
};

} // namespace tocsin
