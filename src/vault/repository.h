// SPDX-License-Identifier: Apache-2.0
// vault/repository.h -- a restic repository (format version 2): blobs in, blobs out, snapshots.
//
// What save_blob() has returned for outlives the process at any moment: it stands in a staged
// pack that the next open() finishes. What flush() has returned for outlives the machine, and
// restic sees it. At every moment `restic check --read-data` finds nothing wrong.
//
// Owns the store, the keys, the index, the lock that take_lock() made, and one thread that seals packs.
// Threads: all calls from any thread, at once. close() last.
// Bounds: memory for the index (about 60 bytes a blob), two open packs, eight that are being
// sealed; save_blob() waits when the disk falls behind.
// Errors: `full` leaves the repository as it was and usable; `denied` for a wrong password;
// `again` while another holds it exclusively; `corrupt` names what is.
#pragma once

#include <optional>
#include <string_view>

#include "tocsin/vault/blob.h"
#include "tocsin/vault/check.h"
#include "tocsin/vault/key_file.h"
#include "tocsin/vault/recovery_report.h"
#include "tocsin/vault/snapshot.h"
#include "tocsin/vault/store.h"

namespace tocsin::vault {

// read_only takes no lock and recovers nothing: it sees what packs, indexes and the staged
// packs of living or dead writers hold.
enum class OpenMode { read_write, read_only };

struct RepositoryOptions {
    OpenMode mode = OpenMode::read_write;
    std::size_t pack_bytes = 16 * 1024 * 1024; // restic allows 4 to 128 MiB
    int zstd_level = 1;
    std::optional<ScryptCost> scrypt; // of a new key; calibrated to half a second where absent
};

struct Statistics {
    std::uint64_t blobs = 0;
    std::uint64_t plain_bytes = 0;
    std::uint64_t stored_bytes = 0;
    std::uint64_t packs = 0; // with a name; open ones do not count
};

class Repository {
public:
    // In an empty store. `exists` when there is a repository in it.
    static Result<std::unique_ptr<Repository>> create(
        std::unique_ptr<Store> store, std::string_view password, RepositoryOptions const& options);
    static Result<std::unique_ptr<Repository>> open(
        std::unique_ptr<Store> store, std::string_view password, RepositoryOptions const& options);

    // Lets go of a lock. What was not flushed stays staged for the next open().
    ~Repository();
    Repository(Repository const&) = delete;
    Repository& operator=(Repository const&) = delete;

    struct Saved {
        BlobId id;
        bool is_new = false;
        std::uint64_t stored_bytes = 0; // 0 when it was there already
    };
    // At most blob_max_bytes. Threads that save the same blob at once store it once.
    Result<Saved> save_blob(BlobType type, ByteView plain);
    Result<Bytes> load_blob(BlobType type, BlobId const& id);
    bool has_blob(BlobType type, BlobId const& id) const;

    // Seals the open packs, and writes the index of all that are sealed.
    Result<void> flush();
    // flush(), then lets go of a lock. Afterwards only loading works.
    Result<void> close();
    // `again` while another holds the repository exclusively. An owner that runs for months takes
    // no lock of its own, which would keep `restic check` out, and would stay behind a SIGKILL: it
    // asks before it writes a snapshot. What it saves stands in packs that nobody else may prune.
    Result<void> ensure_nobody_prunes();
    // Non-exclusive, for whoever must not be pruned meanwhile; held until close(). refresh_lock() every 5
    // minutes.
    Result<void> take_lock(); // does nothing where it is held
    Result<void> refresh_lock(); // does nothing without
    // Learns what other writers have added meanwhile.
    Result<void> refresh();

    // Flushes first: a snapshot never names what is not there.
    Result<SnapshotId> save_snapshot(Snapshot const& snapshot);
    Result<std::vector<SnapshotId>> list_snapshots() const;
    Result<Snapshot> load_snapshot(SnapshotId const& id) const;

    Result<CheckReport> check(CheckDepth depth, CheckProgress const& progress);
    Statistics statistics() const;
    RecoveryReport const& recovery() const;
    Config const& config() const;

private:
    struct Parts;
    explicit Repository(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace tocsin::vault
