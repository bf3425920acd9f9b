// SPDX-License-Identifier: Apache-2.0
// answers/state.h -- what lies where in a guard's state directory, and who may work in it.
//
// Format: docs/formats/state.md
#pragma once

#include <memory>
#include <string>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/vault/repository.h"

namespace tocsin::answers {

// Absolute paths. `repository` is below `dir` unless the guard was started with another.
struct StatePaths {
    std::string dir;
    std::string journal;
    std::string repository;
    std::string password; // of the repository, one line
    std::string settings;

    static Result<StatePaths> of(std::string const& dir); // reads the settings, where there are any
};

// Remembers where the repository is, for a later guard and for verbs while none runs.
Result<void> save_settings(StatePaths const& state);

// Whether a repository was made already: then the journal's versions are in it.
bool has_versions(StatePaths const& state);

// Held by a guard for as long as it runs, and by a verb that writes while none does. The lock
// ends with the process. `again` while another holds it.
Result<UniqueFd> lock_state(StatePaths const& state);

// With the password beside the journal. `not_found` where none was made yet.
Result<std::unique_ptr<vault::Repository>> open_repository(StatePaths const& state, vault::OpenMode mode);
// The same, made with a new random password where there is none.
Result<std::unique_ptr<vault::Repository>> open_or_create_repository(StatePaths const& state);

} // namespace tocsin::answers
