// SPDX-License-Identifier: Apache-2.0
// guard/checkpoint.h -- a restic snapshot of the protected trees, made from the journal.
//
// Nothing of the trees is read: every content is in the repository already. The journal itself
// goes in as .tocsin/journal.sqlite, so that the repository alone tells the whole story; headers of
// devices go in as .tocsin/devices/….
// Threads: one at a time. Bounds: about 500 bytes an object while it runs.
#pragma once

#include <string>
#include <vector>

#include "tocsin/journal/journal.h"
#include "tocsin/vault/repository.h"
#include "tocsin/vault/tree.h"

namespace tocsin::guard {

struct CheckpointParts {
    vault::Repository& repository;
    journal::Journal& journal; // as far as it is written
    std::string scratch_dir; // for the journal's copy; on a disk with room for it
    std::vector<vault::Node> device_headers; // files of blobs that are saved
};

// What an earlier guard left in `scratch_dir` because it was killed while it copied. Every checkpoint
// does it, too; at the guard's start it gives the room back at once.
void remove_journal_copies(std::string const& scratch_dir);

// `not_found` when nothing is protected.
Result<vault::SnapshotId> make_checkpoint(CheckpointParts const& parts, WallTime now);

} // namespace tocsin::guard
