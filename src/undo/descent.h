// SPDX-License-Identifier: Apache-2.0
// undo/descent.h -- whom an incident's actor has started since.
//
// An incident is written up when it is decided on, and kept up to date only while its actor is held to
// account. Who was released, or ended, and others that it started meanwhile are the actor all the same.
#pragma once

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

// Adds to the incident's processes those that descend from them, as far as the journal knows. Who
// belongs to another incident stays there, with those that it started. Nothing for an unknown actor.
// Errors: the journal's.
Result<void> add_descendants(journal::Journal& journal, event::Incident& incident);

} // namespace tocsin::undo
