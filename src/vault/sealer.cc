// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/sealer.h"

namespace tocsin::vault {

Sealer::Sealer(Sealed sealed) : sealed_(std::move(sealed)), thread_([this] { run(); }) { }

Sealer::~Sealer()
{
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void Sealer::run()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
        if (closing_)
            return;
        auto const pack = queue_.front(); // stays in the queue: it still takes room
        lock.unlock();
        auto id = pack->seal();
        if (id.ok())
            sealed_(*pack, id.take());
        lock.lock();
        queue_.pop_front();
        ++done_;
        if (!id.ok()) {
            last_error_ = id.take_error();
            stuck_.push_back(pack);
        }
        changed_.notify_all();
    }
}

void Sealer::put(std::shared_ptr<StagedPack> pack)
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closing_ || queue_.size() < queue_limit; });
    queue_.push_back(std::move(pack));
    ++taken_in_;
    changed_.notify_all();
}

Result<void> Sealer::ready() const
{
    std::lock_guard lock(mutex_);
    if (stuck_.size() >= queue_limit)
        return last_error_;
    return {};
}

void Sealer::retry()
{
    std::lock_guard lock(mutex_);
    for (; !stuck_.empty(); stuck_.pop_front()) {
        queue_.push_back(std::move(stuck_.front()));
        ++taken_in_;
    }
    changed_.notify_all();
}

Result<void> Sealer::wait()
{
    std::unique_lock lock(mutex_);
    auto const until = taken_in_;
    changed_.wait(lock, [&] { return closing_ || done_ >= until; });
    if (!stuck_.empty())
        return last_error_;
    return {};
}

} // namespace tocsin::vault
