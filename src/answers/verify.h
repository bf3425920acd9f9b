// SPDX-License-Identifier: Apache-2.0
// answers/verify.h -- whether journal and repository are whole and fit each other.
#pragma once

#include "tocsin/answers/protocol.h"
#include "tocsin/journal/journal.h"
#include "tocsin/vault/repository.h"

namespace tocsin::answers {

// {"ok","journal":{"ok","versions","activities"},"repository":{"ok","packs","blobs","snapshots",
// "bytes_read","data_read"},"missing_blobs","problems":[…]}. What is damaged is in the answer, an
// error says that it could not be looked at. Both belong to the calling thread meanwhile.
Result<json::value> verify_json(journal::Journal& journal, vault::Repository& repository,
    vault::CheckDepth depth, ProgressSink const& sink);

} // namespace tocsin::answers
