// SPDX-License-Identifier: Apache-2.0
// capture/read.h -- reads an object by its descriptor into the vault: content, facts, metadata.
#pragma once

#include "tocsin/event/version.h"
#include "tocsin/vault/chunker.h"
#include "tocsin/vault/repository.h"

namespace tocsin::capture {

// Reads versions. Owns a reading buffer of 8 MiB; borrows the repository.
// Threads: each its own Reader; the repository is shared.
class Reader {
public:
    explicit Reader(vault::Repository& repository);

    // Everything of the object behind `fd` but ids, root, occasion and writer. Regular files are
    // read from `fd` (open for reading); for others O_PATH is enough. When this returns, the
    // blobs are in the vault. `again` when somebody wrote while we read: the content is torn.
    // Errors of the vault (`full`) are passed on.
    // `content_fd` is `fd`, or a clone of its object as it was: then writers do not matter.
    Result<event::Version> read(int fd, int content_fd);

private:
    Result<void> read_content(int fd, event::Version& version);
    Result<ByteView> save_whole_chunks(ByteView bytes, event::Version& version);
    Result<void> save(ByteView chunk, event::Version& version);

    vault::Repository& repository_;
    vault::Chunker chunker_;
    Bytes buffer_;
};

// The path by which the kernel knows the descriptor's object now, without " (deleted)".
std::string path_of(int fd);

} // namespace tocsin::capture
