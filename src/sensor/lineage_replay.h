// SPDX-License-Identifier: Apache-2.0
// sensor/lineage_replay.h -- a recording of processes, written to a file and told again from it.
//
// Only Process records are told; others, which a recording may hold too, are passed over. The
// first record of a key is its birth, a later one an exec. Ends are not recorded.
// Threads: one owner each.
// Bounds: a record is at most 16 MiB; a drain hands over at most 4,096 records.
// Errors: `corrupt` for a file that is no recording, or that ends inside a record; what stands
// before the damage has been told by then. `unsupported` for a newer version.
// Format: docs/formats/recording.md
#pragma once

#include <string>
#include <unordered_set>

#include "tocsin/base/unique_fd.h"
#include "tocsin/event/record.h"
#include "tocsin/sensor/lineage.h"

namespace tocsin::sensor {

class RecordingWriter {
public:
    static Result<RecordingWriter> create(std::string const& path); // `exists` when it is there
    Result<void> append(event::Record const& record);

private:
    explicit RecordingWriter(UniqueFd fd) : fd_(std::move(fd)) { }
    UniqueFd fd_;
};

class RecordingReader {
public:
    static Result<RecordingReader> open(std::string const& path);
    Result<std::optional<event::Record>> next(); // empty at the end

private:
    explicit RecordingReader(UniqueFd fd) : fd_(std::move(fd)) { }
    UniqueFd fd_;
    std::uint64_t offset_ = 0;
};

Result<std::unique_ptr<LineageSource>> open_replay_lineage(std::string const& path);

} // namespace tocsin::sensor
