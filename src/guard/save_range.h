// SPDX-License-Identifier: Apache-2.0
// guard/save_range.h -- some of a file or a device of this host, as blobs.
// Threads: any; it waits for the disk. Bounds: memory for one chunk.
// Errors: of the reading and of the repository; blobs that were saved until then stay, and nothing names them.
#pragma once

#include <vector>

#include "tocsin/vault/repository.h"

namespace tocsin::guard {

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

// In order, each of `chunk_bytes` but the last. Ends early where the file does.
Result<std::vector<vault::BlobId>> save_range(
    vault::Repository& repository, int fd, Range range, std::size_t chunk_bytes);

} // namespace tocsin::guard
