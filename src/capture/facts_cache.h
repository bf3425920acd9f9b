// SPDX-License-Identifier: Apache-2.0
// capture/facts_cache.h -- digest and facts of contents that were looked at a moment ago.
//
// Programs close what they have not changed, and write again what was there: then only its blobs are
// hashed, which takes a third of the time.
// Threads: one at a time. Bounds: the newest 512 contents, about 120 KB.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "tocsin/base/digest.h"
#include "tocsin/event/facts.h"

namespace tocsin::capture {

class FactsCache {
public:
    struct Known {
        Sha256 digest;
        event::ContentFacts facts;
    };
    // `blobs` are the ids of what `content` was cut into.
    Known look_at(std::span<Sha256 const> blobs, ByteView content);

private:
    static constexpr std::size_t capacity = 512;

    std::unordered_map<Sha256, Known> known_; // by digest where it is one blob, else by one of the ids
    std::vector<Sha256> in_order_; // a ring, once it is full
    std::size_t oldest_ = 0;
};

} // namespace tocsin::capture
