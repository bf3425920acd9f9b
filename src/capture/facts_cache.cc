// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/facts_cache.h"

#include "tocsin/capture/facts_builder.h"

namespace tocsin::capture {

namespace {

// A content may hold the ids of another's blobs, and must not be taken for it.
Sha256 key_of_several(std::span<Sha256 const> blobs)
{
    Sha256Stream stream;
    stream.update(as_bytes("several blobs"));
    stream.update(std::as_bytes(blobs));
    return stream.finish();
}

} // namespace

FactsCache::Known FactsCache::look_at(std::span<Sha256 const> blobs, ByteView content)
{
    bool const is_one = blobs.size() == 1;
    auto const key = is_one ? blobs[0] : key_of_several(blobs);
    if (auto const at = known_.find(key); at != known_.end())
        return at->second;
    FactsBuilder builder;
    builder.add(content);
    Known const known{is_one ? key : Sha256::of(content), builder.finish()};
    if (in_order_.size() < capacity) {
        in_order_.push_back(key);
    } else {
        known_.erase(in_order_[oldest_]);
        in_order_[oldest_] = key;
        oldest_ = (oldest_ + 1) % capacity;
    }
    known_.emplace(key, known);
    return known;
}

} // namespace tocsin::capture
