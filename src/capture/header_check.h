// SPDX-License-Identifier: Apache-2.0
// capture/header_check.h -- whether a content's first fields can be those of the format that its magic number says.
//
// Who overwrites a few bytes behind the magic number leaves a file that says what it was and that nothing opens.
// Only what the format fixes, or bounds to a few values, is asked; what lies beyond the head is taken as it should be.
// Threads: any. Bounds: reads the head it is given, at fixed places.
#pragma once

#include "tocsin/base/bytes.h"
#include "tocsin/event/facts.h"

namespace tocsin::capture {

// True for formats of which nothing is known here.
bool has_sound_header(event::FileType type, ByteView head);

} // namespace tocsin::capture
