// SPDX-License-Identifier: Apache-2.0
// guard/recording.h -- writes down all that the verdict is given, so that it can be replayed.
//
// For tuning and for bug reports: names and facts of files, never their content.
// Format: docs/formats/recording.md. Threads: the deciding thread's. A failed write ends it.
#pragma once

#include "tocsin/base/sys.h"
#include "tocsin/verdict/replay.h"

namespace tocsin::guard {

class Recording {
public:
    Recording() = default; // of nothing
    static Result<Recording> create(std::string const& path);

    void add(auto const& value)
    {
        if (!fd_)
            return;
        verdict::append_record(buffer_, value);
        if (buffer_.size() >= write_from_bytes)
            write();
    }
    void write();

private:
    static constexpr std::size_t write_from_bytes = 256 * 1024;

    UniqueFd fd_;
    Bytes buffer_;
};

} // namespace tocsin::guard
