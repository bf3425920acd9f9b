// SPDX-License-Identifier: Apache-2.0
// answers/remembered.h -- the trees that a state directory's journal remembers as protected: the next
// guard on it goes on with them.
//
// Threads: any, each with its own call. Errors: `not_found`: it is not protected; those of the journal,
// and of lock_state().
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tocsin/answers/state.h"
#include "tocsin/event/record.h"

namespace tocsin::answers {

// The one of `roots` that is protected by this name: its own, or else what it leads to.
Result<event::RootChange> protected_root(std::span<event::RootChange const> roots, std::string const& path);

// While no guard runs: they are protected no more. All of them, or none.
Result<void> forget_trees(StatePaths const& state, std::span<std::string const> paths);

} // namespace tocsin::answers
