// SPDX-License-Identifier: Apache-2.0
// event/record.h -- all that the journal keeps and a recording replays, and its byte form.
//
// Format: docs/formats/record.md. Bounds: a record is at most 16 MiB; every count and length
// is checked against what is left of the input before anything is allocated.
#pragma once

#include <variant>

#include "tocsin/base/bytes.h"
#include "tocsin/event/activity.h"
#include "tocsin/event/evidence.h"
#include "tocsin/event/incident.h"
#include "tocsin/event/process.h"
#include "tocsin/event/version.h"

namespace tocsin::event {

// A tree came under protection, or left it.
struct RootChange {
    RootId root;
    WallTime time;
    std::string path; // absolute, resolved
    ObjectId object; // its directory
    bool is_protected = false;
    std::vector<std::string> excludes; // globs
    // No walk has seen all of it yet: what the journal does not know may have been there.
    bool is_partly_known = false;

    bool operator==(RootChange const&) const = default;
};

// The guard began, ended or changed what it can promise. Gaps are told from these.
struct GuardChange {
    WallTime time;
    std::string state; // capturing, guarding, blind, stopped
    std::string reason;

    bool operator==(GuardChange const&) const = default;
};

using Record = std::variant<RootChange, GuardChange, Process, Version, Activity, Incident, Finding, Action,
    Executable, Exposure>;

Bytes encode(Record const& record);
Result<Record> decode(ByteView bytes);

} // namespace tocsin::event
