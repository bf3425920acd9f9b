// SPDX-License-Identifier: Apache-2.0
// capture/integrity.h -- whether a packed content still is what its own check sums say.
//
// A part in the middle that was overwritten is seen neither by entropy nor at either end; formats that carry
// check sums tell it: gzip (RFC 1952), the chunks of PNG (section 5.3) and the entries of ZIP (APPNOTE 4.3).
// Runs in the privileged guard on bytes that anybody may have written. It unpacks by zlib into a buffer that is
// thrown away; nothing that was unpacked is looked at.
// Bounds: 16 KiB for what is unpacked, 64 KiB in zlib; the first 1 MiB of gzip and ZIP, and 16 MiB of what is in
// it; 8 MiB of PNG. Beyond them nothing is told. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "tocsin/base/bytes.h"

namespace tocsin::capture {

enum class Soundness : std::uint8_t {
    untold, // another format, not at its end, or beyond the bounds
    sound, // to its end
    broken,
};

class Integrity {
public:
    Integrity();
    ~Integrity();
    Integrity(Integrity&&) noexcept;
    Integrity& operator=(Integrity&&) noexcept;

    void add(ByteView piece); // in order, from the first byte on
    Soundness soundness() const;

    class Check; // of one format

private:
    Bytes magic_; // until it is known which format it is
    bool is_settled_ = false;
    std::unique_ptr<Check> check_;
};

} // namespace tocsin::capture
