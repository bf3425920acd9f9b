// SPDX-License-Identifier: Apache-2.0
// vault/sealer.h -- the thread that finishes full packs.
//
// Sealing hashes 16 MiB and waits for the disk; those who save blobs should not. Packs are
// sealed in the order they come. One that cannot be sealed (full disk) waits, readable and safe
// in staging/, until retry() or the next open.
// Owns its thread and the packs in its queue. Threads: all calls from any.
// Bounds: `queue_limit` packs wait; put() then waits too, and refuses with the error of sealing
// when as many are stuck.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "tocsin/vault/staged_pack.h"

namespace tocsin::vault {

class Sealer {
public:
    using Sealed = std::function<void(StagedPack const& pack, PackId const& id)>;

    // `sealed` is called on the sealer's thread.
    explicit Sealer(Sealed sealed);
    // Finishes the pack it is at; the others stay staged.
    ~Sealer();

    // Waits for room. REQUIRES: nobody appends to the pack any more.
    void put(std::shared_ptr<StagedPack> pack);
    // What stands in the way of more packs: the error of sealing once `queue_limit` are stuck.
    Result<void> ready() const;

    // Tries the stuck ones again.
    void retry();
    // Waits until all that was put before is sealed or stuck; the error when any is stuck.
    Result<void> wait();

    static constexpr std::size_t queue_limit = 8;

private:
    void run();

    Sealed sealed_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<StagedPack>> queue_;
    std::deque<std::shared_ptr<StagedPack>> stuck_;
    Error last_error_{Errc::failed, ""};
    std::uint64_t taken_in_ = 0; // packs ever put
    std::uint64_t done_ = 0; // of these, sealed or stuck
    bool closing_ = false;
    std::thread thread_; // last: it uses all the others
};

} // namespace tocsin::vault
