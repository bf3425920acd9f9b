// SPDX-License-Identifier: Apache-2.0
// undo/report.h -- what an undo did, or would do: counts, and what a person has to know by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/base/json.h"
#include "tocsin/event/object.h"

namespace tocsin::undo {

// Something that did not go without saying. `what`, a word for programs:
// "kept": it stays as others, or who is not known, left it; "kept_both"; "set_aside"; "failed"; "restored": with a
// doubt; "left out": an exclude names it; "no version": none was kept by then; "unverified";
// "actor" and "not all": of the whole run; "to restore": what a run without changes would do.
struct Note {
    std::string path; // absolute
    std::string what;
    std::string why;

    bool operator==(Note const&) const = default;
};

// An object may count twice, e.g. as renamed back and as restored.
struct Counts {
    std::uint64_t restored = 0; // content or metadata put back
    std::uint64_t recreated = 0; // names and objects that were gone
    std::uint64_t renamed_back = 0;
    std::uint64_t set_aside = 0; // the actor's own objects and names
    std::uint64_t kept_both = 0; // the version before stands beside the work of others
    std::uint64_t failed = 0;

    bool operator==(Counts const&) const = default;
};

struct Report {
    event::IncidentId incident;
    Counts counts;
    std::uint64_t verified = 0; // read again at the end and found as they were before
    double seconds = 0;
    std::vector<Note> notes;
};

// The keys of docs/design.md's command-line table, and "notes".
json::value to_json(Report const& report);

} // namespace tocsin::undo
