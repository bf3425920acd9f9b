// SPDX-License-Identifier: Apache-2.0
// capture/facts_builder.h -- works out a content's facts from the same reading that stores it.
//
// Bounds: 4 KiB of head and of tail, 16 sketch values, a histogram. Entropy and sketch are
// taken over the first 8 MiB; type and ending over all, check sums as far as integrity.h goes. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>

#include "tocsin/capture/integrity.h"
#include "tocsin/event/facts.h"

namespace tocsin::capture {

class FactsBuilder {
public:
    FactsBuilder();

    void add(ByteView piece); // in order
    event::ContentFacts finish() const;

private:
    void count_bytes(ByteView piece);
    void sketch_bytes(ByteView piece);
    void keep_ends(ByteView piece);
    double entropy() const;

    std::array<std::uint64_t, 256> histogram_{};
    event::Sketch sketch_;
    std::uint32_t rolling_ = 0;
    std::uint64_t size_ = 0;
    Bytes head_;
    Bytes tail_;
    Integrity integrity_;
};

} // namespace tocsin::capture
