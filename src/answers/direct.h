// SPDX-License-Identifier: Apache-2.0
// answers/direct.h -- answers from the journal and the repository: with a guard and without one.
//
// Both open the journal for the one answer; it takes several writers. Without a guard, verbs
// that need a living one (protect, release, stop) are `not_found`, and those that
// write (undo, restore, unprotect) hold the state's lock meanwhile, so that no guard begins.
// Threads: any, each with its own call.
#pragma once

#include <functional>
#include <string>

#include "tocsin/answers/protocol.h"
#include "tocsin/answers/state.h"
#include "tocsin/event/version.h"

namespace tocsin::answers {

// What answers are drawn from. Borrows state and repository.
struct Material {
    StatePaths const& state;
    vault::Repository& repository;
    // Told of each version that undo or restore puts back, at once, from several threads. May be empty.
    std::function<void(event::Version const&)> restored;
};

// incidents, incident, versions, undo, restore, check, quarantine. An undo that was carried out
// is in the journal with all that it did, but the incident's new state is the caller's to record.
// `sink` may be empty.
Result<json::value> answer_with(Material const& material, Request const& request, ProgressSink const& sink);

Result<json::value> answer_without_guard(
    std::string const& state_dir, Request const& request, ProgressSink const& sink);

} // namespace tocsin::answers
