// SPDX-License-Identifier: Apache-2.0
// vault/recovery.h -- what a repository holds when it is opened, and what was left undone in it.
//
// Borrows all it is given. One thread.
#pragma once

#include "tocsin/vault/pack_writer.h"
#include "tocsin/vault/recovery_report.h"

namespace tocsin::vault {

// What reading the repository's files takes.
struct Reader {
    Store& store;
    Cipher const& cipher;
    BlobCodec const& codec;
    SealedFiles const& files;
    Catalog& catalog;
};

// The stored form of a blob, wherever it is. `not_found` when its pack has moved.
Result<Bytes> read_stored(Reader const& reader, Catalog::Location const& location);

// Reads the index files that the catalog does not know yet. A broken one is an error: going on
// without it would store again, and miss, what it names.
Result<void> load_indexes(Reader const& reader);

// Packs that no index names: from a writer that died before it wrote one. Read from their
// headers into the catalog; unreadable ones become problems.
Result<std::vector<IndexedPack>> find_unindexed(
    Reader const& reader, std::span<FileInfo const> packs, RecoveryReport& report);

// For those who only look: the records of open packs, whoever writes them.
Result<void> see_staged(Reader const& reader);

// Takes over what dead writers left in staging/, and removes what has nothing in it.
Result<void> recover_staged(Reader const& reader, PackWriter& writer, RecoveryReport& report);

} // namespace tocsin::vault
