// SPDX-License-Identifier: Apache-2.0
// journal/chain.h -- the hash chain over appended batches, and the row that names its end.
//
// Format: docs/formats/journal.md#chain
#pragma once

#include <cstdint>

#include "tocsin/base/digest.h"
#include "tocsin/event/record.h"
#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// The tags of docs/formats/record.md.
enum class RecordKind : std::uint8_t {
    root_change = 0,
    guard_change = 1,
    process = 2,
    version = 3,
    activity = 4,
    incident = 5,
    finding = 6,
    action = 7,
    executable = 8,
    exposure = 9,
};
inline RecordKind kind_of(event::Record const& record)
{
    return static_cast<RecordKind>(record.index());
}

// Where the journal ends, and sums over all of it. `sequence` is the last record's number.
struct Head {
    std::int64_t link = 0;
    std::int64_t sequence = 0;
    Sha256 hash;
    std::int64_t versions = 0;
    std::int64_t version_bytes = 0;
    std::int64_t activities = 0;

    void count(event::Record const& record);
    bool operator==(Head const&) const = default;
};

Result<Head> read_head(Database& database);
Result<void> write_head(Database& database, Head const& head);

// What a version adds to the sums: directories have no content.
std::int64_t counted_bytes(event::Version const& version);

// The hash of one link, fed record by record.
class LinkHash {
public:
    LinkHash(Sha256 const& previous, std::int64_t link);
    void add(std::int64_t sequence, ByteView body);
    Sha256 finish() { return stream_.finish(); }

private:
    Sha256Stream stream_;
};

} // namespace tocsin::journal
