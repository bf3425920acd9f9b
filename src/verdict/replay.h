// SPDX-License-Identifier: Apache-2.0
// verdict/replay.h -- what the verdict would have decided over a recording.
//
// Format: docs/formats/recording.md. Errors: `corrupt` for what is no recording or ends within
// a record; `not_found` and the like from reading the file.
#pragma once

#include <string>
#include <vector>

#include "tocsin/verdict/verdict.h"

namespace tocsin::verdict {

struct Replayed {
    std::vector<Decision> decisions;
    std::size_t records = 0;
    catalog::Counts left; // in all trees together, at the end
};

// The records in the order in which the guard decided on them: processes, activities and
// versions count, others are passed over.
Result<Replayed> replay_bytes(ByteView recording, Settings const& settings);
Result<Replayed> replay(std::string const& path, Settings const& settings);

// One record as a recording holds it; the recording begins with recording_magic.
inline constexpr std::string_view recording_magic = "TOCSREC1";
void append_record(Bytes& recording, event::Activity const& activity);
void append_record(Bytes& recording, event::Version const& version);
void append_record(Bytes& recording, event::Process const& process);

} // namespace tocsin::verdict
