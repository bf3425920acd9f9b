// SPDX-License-Identifier: Apache-2.0
// capture/read.h -- reads an object by its descriptor into the vault: content, facts, metadata.
#pragma once

#include <stop_token>

#include "tocsin/capture/facts_cache.h"
#include "tocsin/event/version.h"
#include "tocsin/vault/chunker.h"
#include "tocsin/vault/repository.h"

namespace tocsin::capture {

// What is read of one object at most; beyond it the read is refused (`invalid`) before it begins,
// or at the latest when the bound is reached.
inline constexpr std::uint64_t data_limit_bytes = 1ULL << 40; // holes do not count
// A record of the journal holds 16 MiB: 12.2 MiB of blob ids leave room for extents (1.3 MiB at most),
// attributes and names. At least 195 GiB (zeros), about 600 GiB (anything else).
inline constexpr std::size_t content_ids_at_most = 400'000;

// All of the version of the object behind `fd` but content, digest, extents, facts, ids, root,
// occasion and writer. O_PATH is enough.
Result<event::Version> describe(int fd);

// Reads versions. Owns a reading buffer of 8 MiB; borrows the repository.
// Threads: each its own Reader; the repository is shared.
// Bounds: holes are not read, but they are hashed (1.5 GB/s); `stop` is looked at between chunks.
class Reader {
public:
    explicit Reader(vault::Repository& repository);

    // describe(), and of a regular file, which must be open for reading, the content. When this
    // returns, the blobs are in the vault. `again` when somebody wrote while we read (the content
    // is torn) or when it was stopped. Errors of the vault (`full`) are passed on.
    Result<event::Version> read(int fd, std::stop_token const& stop);

    // Content, digest, extents and facts from `fd`, a file that has `version.metadata.size` bytes.
    Result<void> read_content(int fd, event::Version& version, std::stop_token const& stop);

private:
    class Content;

    vault::Repository& repository_;
    vault::Chunker chunker_;
    Bytes buffer_;
    Bytes zeros_; // one chunk of them
    FactsCache facts_;
};

// The path by which the kernel knows the descriptor's object now, without " (deleted)".
std::string path_of(int fd);

} // namespace tocsin::capture
