// SPDX-License-Identifier: Apache-2.0
// guard/recorder.h -- the thread that owns the journal and writes what others hand it.
//
// What waits is written in one transaction, so a busy moment costs few commits. After the commit
// each batch's `committed` is called, in order: that is when an open that waited may go on.
// Threads: put() from any thread, never waits. Bounds: 200,000 records; past that they are
// refused, counted, and the guard says it is blind.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tocsin/base/mailbox.h"
#include "tocsin/journal/journal.h"

namespace tocsin::guard {

struct RecordBatch {
    std::vector<event::Record> records;
    std::vector<std::function<void()>> committed; // in the recorder's thread; must not wait
};

class Recorder {
public:
    explicit Recorder(std::unique_ptr<journal::Journal> journal);
    ~Recorder(); // writes what waits, then joins

    void put(RecordBatch batch);

    // Waits until everything that was put before is in the journal, or could not be written.
    void flush();

    std::uint64_t refused() const { return refused_.load(); }
    // The last failure, empty while all goes well: then the journal takes nothing.
    std::string failure() const;

private:
    void run();
    void write(std::vector<RecordBatch> batches);
    void complete_metadata_versions(std::vector<event::Record>& records);

    std::unique_ptr<journal::Journal> journal_; // the thread's own
    Mailbox<RecordBatch> box_;
    std::atomic<std::uint64_t> refused_{0};
    mutable std::mutex failure_mutex_;
    std::string failure_;
    std::jthread thread_;
};

} // namespace tocsin::guard
