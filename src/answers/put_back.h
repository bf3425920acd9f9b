// SPDX-License-Identifier: Apache-2.0
// answers/put_back.h -- undo, restore and the quarantine, as requests ask for them.
//
// Answers are as undo::to_json(Report) (restore: without "incident").
// Errors: those of undo/plan.h and undo/act.h; `invalid` for wrong arguments.
#pragma once

#include "tocsin/answers/direct.h"
#include "tocsin/journal/journal.h"

namespace tocsin::answers {

Result<json::value> answer_undo(Material const& material, Request const& request, ProgressSink const& sink);
Result<json::value> answer_restore(
    Material const& material, Request const& request, ProgressSink const& sink);

// [{"incident","path","kept","size","sha256","time"}]; "kept" is null for a directory.
Result<json::value> answer_quarantine(StatePaths const& state, Request const& request);

// Whether this request, once carried out, has taken an incident's changes back.
Result<bool> takes_back(Request const& request);

// Of the answer to an undo: whether all of it could be put back, and what it did in one sentence.
bool is_whole(json::value const& report);
std::string undo_sentence(json::value const& report);
// A line for the person, not about one file.
void add_note(json::value& report, std::string_view what, std::string_view why);

// The journal learns what was done; the incident is `undone` where all of it was put back. How many of its
// processes still exist.
Result<std::size_t> record_undo(
    StatePaths const& state, event::IncidentId id, std::string const& user, json::value const& report);

} // namespace tocsin::answers
