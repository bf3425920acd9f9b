// SPDX-License-Identifier: Apache-2.0
// guard/open_log.h -- tells the deciding thread who opened what, without making anybody wait.
//
// A ring with one writer (the gate's thread) and one reader (the deciding thread). When the
// reader is behind, the newest entries are dropped and counted: they are hints, not the record.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace tocsin::guard {

struct OpenNote {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    pid_t pid = 0;
    bool is_empty = false; // there was nothing to read
};

class OpenLog {
public:
    OpenLog() : ring_(capacity) { }

    void put(OpenNote const& note)
    {
        auto head = head_.load(std::memory_order_relaxed);
        if (head - tail_.load(std::memory_order_acquire) >= capacity) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        ring_[head % capacity] = note;
        head_.store(head + 1, std::memory_order_release);
    }

    template <typename Visit>
    void drain(Visit visit)
    {
        auto tail = tail_.load(std::memory_order_relaxed);
        auto head = head_.load(std::memory_order_acquire);
        for (; tail != head; ++tail)
            visit(ring_[tail % capacity]);
        tail_.store(tail, std::memory_order_release);
    }

    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
    static constexpr std::uint64_t capacity = 65536;
    std::vector<OpenNote> ring_;
    alignas(64) std::atomic<std::uint64_t> head_{0};
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

} // namespace tocsin::guard
