// SPDX-License-Identifier: Apache-2.0
// undo/content_source.h -- where the contents of versions are read from: blobs by their name.
#pragma once

#include "tocsin/base/bytes.h"
#include "tocsin/base/digest.h"

namespace tocsin::undo {

// Threads: load() is called from several threads at once.
class ContentSource {
public:
    virtual ~ContentSource() = default;
    // `not_found` when no such blob is kept, `corrupt` when it is damaged.
    virtual Result<Bytes> load(Sha256 const& blob) = 0;
};

} // namespace tocsin::undo
