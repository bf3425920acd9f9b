// SPDX-License-Identifier: Apache-2.0
// verdict/kinds.h -- which format an honest program puts in the place of which, under the same name.
//
// A picture is converted to another picture, a document saved in another program's format, a stream packed
// by another packer. A name that keeps nothing of its kind was overwritten by who did not read what was
// there, or by ciphertext behind a borrowed head.
#pragma once

#include "tocsin/event/facts.h"

namespace tocsin::verdict {

bool is_media(event::FileType type); // pictures, sound, video, pages
bool is_archive(event::FileType type); // which may need a password
bool is_compressed(event::FileType type); // one stream, without one
bool is_structured(event::FileType type); // and never dense, whatever is in it

// Both are known, and no honest program makes one from the other.
bool is_of_another_kind(event::FileType was, event::FileType is);

// The format has a known ending, and it is not there.
bool lacks_its_ending(event::ContentFacts const& facts);

} // namespace tocsin::verdict
