// SPDX-License-Identifier: Apache-2.0
// base/mailbox.h -- bounded many-producer, one-consumer queue between threads.
//
// The consumer's thread owns whatever it takes out; nothing is shared.
// Threads: put(), put_waiting(), close(), dropped() from any thread; take*() from the owner only.
// Bounds: `capacity` messages. A full box never blocks a producer that uses put() (a sensor
// that waits can stall the kernel): it refuses, counts, and the owner reports it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace tocsin {

enum class Put { accepted, full, closed };

template <typename Message>
class Mailbox {
public:
    explicit Mailbox(std::size_t capacity) : capacity_(capacity) { }

    // On `full` and `closed` the message is destroyed; what it owned must be safe with that.
    [[nodiscard]] Put put(Message message)
    {
        std::lock_guard lock(mutex_);
        if (closed_)
            return Put::closed;
        if (queue_.size() >= capacity_) {
            ++dropped_;
            return Put::full;
        }
        queue_.push_back(std::move(message));
        wake_.notify_one();
        return Put::accepted;
    }

    // Waits for room: only for producers that nobody waits for (the walk, a person's command).
    [[nodiscard]] Put put_waiting(Message message)
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return closed_ || queue_.size() < capacity_; });
        if (closed_)
            return Put::closed;
        queue_.push_back(std::move(message));
        wake_.notify_one();
        return Put::accepted;
    }

    // Waits for a message. Empty once the box is closed and drained.
    std::optional<Message> take()
    {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closed_ || !queue_.empty(); });
        return pop_locked();
    }

    // Everything that waits, in order; returns at once.
    std::vector<Message> take_all()
    {
        std::lock_guard lock(mutex_);
        std::vector<Message> out(
            std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
        queue_.clear();
        room_.notify_all();
        return out;
    }

    // Waits until something is there, the box is closed, or `limit` has passed; then as take_all().
    std::vector<Message> take_all_within(std::chrono::steady_clock::duration limit)
    {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, limit, [&] { return closed_ || !queue_.empty(); });
        }
        return take_all();
    }

    void close()
    {
        std::lock_guard lock(mutex_);
        closed_ = true;
        wake_.notify_all();
        room_.notify_all();
    }

    bool is_closed() const
    {
        std::lock_guard lock(mutex_);
        return closed_;
    }
    bool drained() const
    {
        std::lock_guard lock(mutex_);
        return closed_ && queue_.empty();
    }
    std::size_t size() const
    {
        std::lock_guard lock(mutex_);
        return queue_.size();
    }
    std::uint64_t dropped() const
    {
        std::lock_guard lock(mutex_);
        return dropped_;
    }

private:
    std::optional<Message> pop_locked()
    {
        if (queue_.empty())
            return {};
        std::optional<Message> out(std::move(queue_.front()));
        queue_.pop_front();
        room_.notify_one();
        return out;
    }

    std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable room_;
    std::deque<Message> queue_;
    std::uint64_t dropped_ = 0;
    bool closed_ = false;
};

} // namespace tocsin
