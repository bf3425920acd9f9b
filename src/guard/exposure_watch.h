// SPDX-License-Identifier: Apache-2.0
// guard/exposure_watch.h -- what was read of the trees and sent to other hosts.
// Threads: any.
#pragma once

#include <memory>

#include "tocsin/answers/status.h"
#include "tocsin/sensor/sent_bytes.h"

namespace tocsin::guard {

class ExposureWatch {
public:
    // Where nothing is counted it only says why.
    explicit ExposureWatch(Result<std::unique_ptr<sensor::SentBytes>> sent);

    answers::InvariantStatus what_holds() const;

private:
    std::unique_ptr<sensor::SentBytes> sent_; // null: not counted
    std::string const why_not_;
};

} // namespace tocsin::guard
