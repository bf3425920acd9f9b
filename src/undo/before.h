// SPDX-License-Identifier: Apache-2.0
// undo/before.h -- which content and metadata an object ought to have: pure, from its versions.
//
// Versions and names reach the journal through two kernel queues without a common order, so a
// version counts as "before" only if both say so: its id precedes the actor's first version of
// the object, and its time precedes the actor's first change. What others wrote afterwards is
// replayed on top, field by field.
#pragma once

#include <optional>
#include <string>

#include "tocsin/undo/history.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {

// What the actor did to an object besides its names.
struct Touch {
    bool content = false;
    bool metadata = false;
};

struct Wanted {
    Touch touch;
    SharedVersion goal; // content and metadata; none when no version is kept
    // The version before, which others' later work must not push aside; else none.
    SharedVersion beside;
    SharedVersion newest; // the last captured state
    bool content_differs = false; // from what is on disk, as far as the journal knows
    bool metadata_differs = false;
    bool keep_content = false; // others wrote last, and what they wrote is not captured yet
    std::string doubt; // why the version may not be whole; mostly empty
};

Wanted wanted_state(Track const& track, Authorship const& actor);

} // namespace tocsin::undo
