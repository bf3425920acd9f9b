// SPDX-License-Identifier: Apache-2.0
// supervise/supervisor.h -- sees that a guard makes nobody wait, whatever is done to it.
//
// The kernel holds an open until the guard answers, and has no time limit of its own. So a guard that
// was stopped (SIGSTOP) is continued at once; one that neither beats nor ends is killed, and the
// kernel lets everybody go. Being a process of its own, it sees what is done to the guard as a whole.
// It counts looks, not seconds: a host that was suspended has lost no time.
// Threads: one, which does nothing else. Errors: none end it but the guard's end.
#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "tocsin/base/log.h"
#include "tocsin/base/pid_ref.h"
#include "tocsin/base/proc.h"
#include "tocsin/supervise/pulse.h"

namespace tocsin::supervise {

class Supervisor {
public:
    struct Limits {
        std::chrono::milliseconds look_every{100};
        std::chrono::seconds tell_every{10}; // of being stopped again and again
        unsigned looks_without_a_beat = 13; // and the one that saw the last beat: 1.4 s
    };
    using Tell = std::function<void(Severity, std::string_view)>;

    Supervisor(PidRef guard, Pulse pulse, proc::ProcDir dir, Limits limits, Tell tell);

    enum class End {
        in_order, // it said so
        killed_by_us, // it kept others waiting
        died, // it was killed, or it crashed
    };
    // Until the guard has ended.
    End watch();

private:
    void look();
    void tell_stopped(std::chrono::milliseconds lasted);
    bool is_stopped() const;
    bool is_dead() const; // all its threads have ended, even if a tracer has not waited for them yet
    bool hangs(); // some organ has not beaten for too many looks

    PidRef guard_;
    Pulse pulse_;
    proc::ProcDir proc_;
    Limits limits_;
    Tell tell_;
    struct Seen {
        std::uint64_t beats = 0;
        unsigned looks = 0; // since they last grew
    };
    std::array<Seen, organ_count> seen_{};
    SteadyTime last_look_{};
    SteadyTime next_telling_{};
    unsigned stops_ = 0; // since they were last told
    bool was_killed_ = false;
};

// Why a guard was started again, as its next start is told.
std::string_view words_of(Supervisor::End end);

} // namespace tocsin::supervise
