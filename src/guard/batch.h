// SPDX-License-Identifier: Apache-2.0
// guard/batch.h -- records on their way to the recorder, a few hundred at a time.
//
// A commit costs as much as ten records: what nobody waits for is gathered for a while.
// Threads: the deciding thread's. Bounds: sends itself when it holds 512 records, and what is older than
// 20 ms at the next send_due().
#pragma once

#include <utility>
#include <variant>

#include "tocsin/guard/recorder.h"

namespace tocsin::guard {

class Batch {
public:
    explicit Batch(Recorder& recorder) : recorder_(recorder) { }

    void add(event::Record record)
    {
        bool const may_wait = std::holds_alternative<event::Activity>(record)
            || std::holds_alternative<event::Version>(record)
            || std::holds_alternative<event::Process>(record);
        is_hurried_ = is_hurried_ || !may_wait;
        gathered_.records.push_back(std::move(record));
        if (gathered_.records.size() >= records_at_most)
            send();
    }
    // Called once all that was added before is in the journal, or could not be written.
    void when_committed(Committed committed) { gathered_.committed.push_back(std::move(committed)); }
    void hurry() { is_hurried_ = true; } // somebody waits for what was added, or will
    // Between what is done: what nobody waits for may wait on.
    void send_due(SteadyTime now)
    {
        if (gathered_.records.empty() && gathered_.committed.empty())
            return;
        if (since_ == SteadyTime{})
            since_ = now;
        if (is_hurried_ || now - since_ >= gathered_for)
            send();
    }
    void send()
    {
        is_hurried_ = false;
        since_ = {};
        if (!gathered_.records.empty() || !gathered_.committed.empty())
            recorder_.put(std::exchange(gathered_, {}));
    }

private:
    static constexpr std::size_t records_at_most = 512;
    static constexpr std::chrono::milliseconds gathered_for{20};

    Recorder& recorder_;
    RecordBatch gathered_;
    bool is_hurried_ = false;
    SteadyTime since_; // the first of it was there; none: nothing was when it was last asked
};

} // namespace tocsin::guard
