// SPDX-License-Identifier: Apache-2.0
// undo/descent.h -- whom an incident's actor has started since.
//
// An incident is written up when it is decided on, and kept up to date only while its actor is held to
// account. Processes that the actor started after it was released, or whose starter has ended since, belong
// to it all the same.
#pragma once

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

// Adds to the incident's processes those that descend from them and were born after it was opened, as
// far as the journal knows. Left out, each with those that it started, are: who was there before (the
// verdict has judged those), who belongs to another incident, who was started in another session and
// cgroup (a server's child for a user), and who was started after the actor was released for good.
// Nothing for an unknown actor, for a finding too weak to act on, and for an incident from before this
// boot, whose processes' ages cannot be told any more.
// Errors: the journal's; `incident` may then have got some of them.
Result<void> add_descendants(journal::Journal& journal, event::Incident& incident);

} // namespace tocsin::undo
