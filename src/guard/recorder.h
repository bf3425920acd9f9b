// SPDX-License-Identifier: Apache-2.0
// guard/recorder.h -- the thread that owns the journal and writes what others hand it.
//
// What waits is written in transactions of some 4,000 records, so a busy moment costs few commits and
// others get their turn between them. After the commit each batch's `committed` is called, in order: that
// is when an open that waited may go on.
// It logs each incident that is opened, also one to which nothing is done.
// What could not be written (a full disk) is kept and tried again each second.
// Threads: put() from any thread, never waits. Bounds: 100,000 batches that wait, and 200,000
// records that could not be written; past that they are refused, counted, and failure() says so
// for good.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "tocsin/base/mailbox.h"
#include "tocsin/journal/journal.h"

namespace tocsin::guard {

// Whether what was handed over is in the journal, or still tried.
enum class Kept { yes, not_yet };
// Called in the recorder's thread; must not wait.
using Committed = std::function<void(Kept)>;

struct RecordBatch {
    std::vector<event::Record> records;
    std::vector<Committed> committed;
};

class Recorder {
public:
    explicit Recorder(std::unique_ptr<journal::Journal> journal);
    ~Recorder(); // writes what waits, then joins

    void put(RecordBatch batch);

    // Waits until everything that was put before is in the journal, or could not be written.
    void flush();

    // Why the journal lacks something; empty while it has all.
    std::string failure() const;

private:
    void run();
    void write(std::vector<RecordBatch> batches);
    Kept write_gathered(std::vector<Committed> waiting); // what unwritten_ holds
    void log_opened(std::span<event::Record const> records);
    void complete_metadata_versions(std::vector<event::Record>& records);

    std::unique_ptr<journal::Journal> journal_; // the thread's own
    event::IncidentId newest_incident_; // the thread's own: up to it all are logged
    Mailbox<RecordBatch> box_;
    std::vector<event::Record> unwritten_; // the thread's own
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> left_out_{0}; // larger than a record may be
    mutable std::mutex failure_mutex_;
    std::string failure_;
    std::jthread thread_;
};

} // namespace tocsin::guard
