// SPDX-License-Identifier: Apache-2.0
// simulator/ring.h -- file operations by io_uring, one at a time, each waited for.
//
// Owns the ring and at most one open file of it, which with fixed files is no descriptor of this process.
// Threads: one ring belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "simulator/sandbox.h"

struct io_uring;
struct io_uring_sqe;

namespace tocsin::simulator {

struct RingOptions {
    enum class Polling { by_submitter, by_kernel } polling = Polling::by_submitter; // by_kernel: SQPOLL
    enum class Files { descriptors, fixed } files = Files::descriptors;
};

class Ring {
public:
    static Result<Ring> create(RingOptions const& options);

    Result<void> open(int root, std::string const& path, int flags); // by the sandbox's resolve flags
    Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset);
    Result<void> write(std::span<std::byte const> bytes, std::uint64_t offset);
    Result<void> truncate(std::uint64_t size); // Linux 6.9 and later
    Result<void> close();

    Result<void> unlink(Place const& place);
    Result<void> rename(Place const& from, Place const& to);

private:
    struct Exit {
        void operator()(io_uring* ring) const;
    };

    explicit Ring(RingOptions const& options);

    io_uring_sqe* next_entry();
    void name_file(io_uring_sqe* entry) const; // a prepared operation is on the open file
    Result<std::size_t> done(std::string_view what); // submits, and waits for its end

    RingOptions options_;
    std::unique_ptr<io_uring, Exit> ring_;
    int file_ = -1;
};

} // namespace tocsin::simulator
