// SPDX-License-Identifier: Apache-2.0
// guard/exposure_watch.h -- joins what was read of the trees with what was sent to other hosts.
//
// Once a second it asks the kernel what was sent, and the deciding thread what was read and by whom;
// verdict/exposure.h judges that here, so that the deciding thread never counts.
// Nothing is damaged by it, so nobody is frozen: who is found is told.
// Threads: one of its own; tell() from the deciding thread, what_holds() from any.
// Bounds: 16 seconds wait for it; what is read and sent then is not counted. The parts that it has say theirs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "tocsin/answers/status.h"
#include "tocsin/base/mailbox.h"
#include "tocsin/guard/read_log.h"
#include "tocsin/sensor/sent_bytes.h"

namespace tocsin::guard {

// What the deciding thread knows of one second.
struct Traffic {
    struct By {
        verdict::Job job;
        event::Process sender;
        sensor::Sent sent;
    };
    ReadLog reads;
    std::vector<By> sent;
    std::uint64_t files_protected = 0;
};

class ExposureWatch {
public:
    // Asks the deciding thread to tell() the traffic; what was sent over connections that the sender made.
    using Ask = std::function<void(std::vector<sensor::Sent>)>;
    using Report = std::function<void(verdict::Exposed)>;
    // Where nothing is counted it only says why.
    ExposureWatch(Result<std::unique_ptr<sensor::SentBytes>> sent, Ask ask, Report report);
    ~ExposureWatch();

    void tell(Traffic traffic) { (void)box_.put(std::move(traffic)); }
    answers::InvariantStatus what_holds() const;

private:
    void run();
    void read();
    void judge();

    std::unique_ptr<sensor::SentBytes> sent_; // null: not counted
    std::string const why_not_;
    Ask ask_;
    Report report_;
    Mailbox<Traffic> box_;
    verdict::Exposure exposure_; // the thread's
    mutable std::mutex mutex_; // for what follows
    std::condition_variable stop_;
    bool is_stopping_ = false;
    std::string failure_; // of the last reading
    std::jthread thread_; // last: it uses all of them
};

} // namespace tocsin::guard
