// SPDX-License-Identifier: Apache-2.0
// capture/file_type.h -- what a content is, from its first and last bytes.
//
// Runs in the privileged guard on bytes that anybody may have written: it looks at fixed places
// and bounded fields only.
#pragma once

#include <array>
#include <cstdint>

#include "tocsin/capture/integrity.h"
#include "tocsin/event/facts.h"

namespace tocsin::capture {

struct Ends {
    ByteView head; // the first bytes, 4 KiB at most
    ByteView tail; // the last bytes, 4 KiB at most
    std::uint64_t size = 0; // of the whole content
    std::array<std::uint64_t, 256> const& histogram; // of its first 8 MiB
    Soundness soundness = Soundness::untold;
};

struct ToldType {
    event::FileType type = event::FileType::unknown;
    bool ends_well = false; // of a text: it ends with the end of a line
    std::uint64_t unpacked_size = 0;
};

ToldType tell_type(Ends const& ends);

} // namespace tocsin::capture
