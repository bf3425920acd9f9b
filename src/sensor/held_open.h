// SPDX-License-Identifier: Apache-2.0
// sensor/held_open.h -- one process that the kernel holds inside open(2) until we answer.
//
// Answers exactly once: by answer(), by the deadline watch, or on destruction (allow). So no
// path -- early return, full mailbox, shutdown -- leaves a process hung.
// Owns the event's descriptor, which reads the object without making events of its own; it is
// closed only after the answer, since the kernel matches answers by its number.
// Threads: answer() and answered() from any thread; fd() while the object is held.
#pragma once

#include <atomic>
#include <memory>
#include <sys/types.h>

#include "tocsin/base/clock.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {

enum class Answer { allow, deny };

// Where answers go: a fanotify group, or a test's list.
class AnswerChannel {
public:
    virtual ~AnswerChannel() = default;
    virtual void send(int event_fd, Answer answer) noexcept = 0;
};

class HeldOpen {
public:
    HeldOpen(std::shared_ptr<AnswerChannel> channel, UniqueFd object, pid_t pid, SteadyTime since)
        : channel_(std::move(channel)), object_(std::move(object)), pid_(pid), since_(since)
    {
    }
    ~HeldOpen() { (void)answer(Answer::allow); }
    HeldOpen(HeldOpen const&) = delete;
    HeldOpen& operator=(HeldOpen const&) = delete;

    // False when it was answered before: then nothing is sent.
    bool answer(Answer answer) noexcept
    {
        if (answered_.exchange(true, std::memory_order_acq_rel))
            return false;
        channel_->send(object_.get(), answer);
        return true;
    }

    bool answered() const { return answered_.load(std::memory_order_acquire); }
    int fd() const { return object_.get(); }
    pid_t pid() const { return pid_; } // thread group of the opener
    SteadyTime since() const { return since_; }

private:
    std::shared_ptr<AnswerChannel> channel_;
    UniqueFd object_;
    pid_t pid_;
    SteadyTime since_;
    std::atomic<bool> answered_{false};
};

} // namespace tocsin::sensor
