// SPDX-License-Identifier: Apache-2.0
// supervise/pulse.h -- one page of memory that a guard and its supervisor share.
//
// The guard shows in it that its organs work; the supervisor writes what it had to do. Neither can
// keep the other waiting by it: there are only atomic numbers, and no lock.
// Threads: any, of both processes; interrupted() from one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "tocsin/base/clock.h"
#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::supervise {

// Threads of a guard without which somebody would wait for ever.
enum class Organ { gate, deadlines };
inline constexpr std::size_t organ_count = 2;

// What kept a guard from working, as its supervisor saw it.
struct Interruptions {
    std::uint64_t count = 0; // times that it was continued
    std::chrono::milliseconds lasted{}; // of the last one, or of one just after it
};

class Pulse {
public:
    // The guard's: a memfd of one page.
    static Result<Pulse> create();
    // The supervisor's: the same page, by a descriptor that it was given. `invalid` for anything else.
    static Result<Pulse> open(UniqueFd fd);
    Pulse(Pulse&& other) noexcept;
    Pulse& operator=(Pulse&&) = delete;
    ~Pulse();

    int fd() const { return fd_.get(); }

    // The guard. An organ is watched from its first beat until it rests.
    void beat(Organ organ) noexcept;
    void rest(Organ organ) noexcept;
    // Its end is meant, however it comes: it is not started again. Its organs are
    // watched until they rest.
    void end_in_order() noexcept;
    Interruptions interruptions() const noexcept;

    // The supervisor.
    std::uint64_t beats(Organ organ) const noexcept; // 0: not watched
    bool ends_in_order() const noexcept;
    void interrupted(std::chrono::milliseconds lasted) noexcept;

private:
    struct Page;
    Pulse(UniqueFd fd, Page* page) : fd_(std::move(fd)), page_(page) { }
    static Result<Pulse> map(UniqueFd fd);

    UniqueFd fd_;
    Page* page_; // mapped; null once moved from
};

} // namespace tocsin::supervise
