// SPDX-License-Identifier: Apache-2.0
// sensor/truncation_gate.h -- no truncation by path takes what a close has left before it is kept.
//
// truncate(2) opens nothing that could be held. Where the kernel runs LSM programs, it refuses one below
// a watched directory while the file is not as it was last kept, with EINTR; for 2 s at most, then it goes.
// Truncations by descriptor are left alone, and those of a file that others have open for writing.
// A file that was changed twice within one tick of the kernel's clock (4 ms), to the same size, and kept in
// between, counts as kept.
// Everything is over with the engine, or with the guard's process.
// Threads: all from any.
// Bounds: 120 bytes for each file that was opened for writing, as long as the kernel has it in its cache.
#pragma once

#include <cstdint>
#include <memory>

#include "tocsin/base/result.h"
#include "tocsin/event/metadata.h"

namespace tocsin::sensor {

class TruncationGate {
public:
    virtual ~TruncationGate() = default;

    // The directory and all below it, as long as the caller keeps a descriptor of it.
    virtual Result<void> watch(int dir_fd) = 0;
    virtual void unwatch(int dir_fd) = 0;

    // The file's content is kept as `stamp` describes it; or nobody keeps it. `fd` may be O_PATH.
    // Before it is let go for whoever waits to open it.
    virtual void kept(int fd, event::Stamp const& stamp) = 0;
    virtual void left_out(int fd) = 0;
    // While nothing can be kept, nothing is refused.
    virtual void set_refusing(bool on) = 0;

    struct Counters {
        std::uint64_t refused = 0;
        std::uint64_t let_go = 0; // at the bound: what was there may be lost
        std::uint64_t missed = 0; // opens that could not be noted
    };
    virtual Counters counters() const = 0;
};

// As open_condemned_gate().
Result<std::unique_ptr<TruncationGate>> open_truncation_gate();

} // namespace tocsin::sensor
