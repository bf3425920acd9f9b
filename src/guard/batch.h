// SPDX-License-Identifier: Apache-2.0
// guard/batch.h -- records on their way to the recorder, a few hundred at a time.
//
// Threads: the deciding thread's. Bounds: sends itself when it holds 512 records.
#pragma once

#include <utility>

#include "tocsin/guard/recorder.h"

namespace tocsin::guard {

class Batch {
public:
    explicit Batch(Recorder& recorder) : recorder_(recorder) { }

    void add(event::Record record)
    {
        gathered_.records.push_back(std::move(record));
        if (gathered_.records.size() >= records_at_most)
            send();
    }
    // Called once all that was added before is in the journal, or could not be written.
    void when_committed(Committed committed) { gathered_.committed.push_back(std::move(committed)); }
    void send()
    {
        if (!gathered_.records.empty() || !gathered_.committed.empty())
            recorder_.put(std::exchange(gathered_, {}));
    }

private:
    static constexpr std::size_t records_at_most = 512;

    Recorder& recorder_;
    RecordBatch gathered_;
};

} // namespace tocsin::guard
