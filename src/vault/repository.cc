// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/repository.h"

#include "tocsin/vault/lock.h"
#include "tocsin/vault/recovery.h"

namespace tocsin::vault {
namespace {

constexpr std::size_t key_files_limit = 20; // as restic: more is a way to keep us busy

Result<KeyMaterial> find_master_key(Store const& store, std::string_view password)
{
    auto const found = TRY(store.list(FileKind::key).context("list keys"));
    std::size_t tried = 0;
    for (auto const& file : found) {
        if (++tried > key_files_limit)
            return Error(Errc::denied, "none of the first 20 keys opens with this password");
        auto key = [&]() -> Result<KeyMaterial> {
            auto const bytes = TRY(store.get(FileKind::key, file.name));
            auto const decoded = TRY(decode_key_file(bytes).context("key " + file.name));
            return unwrap_master_key(decoded, password);
        }();
        if (key.ok())
            return key;
    }
    if (found.empty())
        return Error(Errc::not_found, "there are no keys: not a repository");
    return Error(Errc::denied, "wrong password: it opens none of the repository's keys");
}

Error read_only_error()
{
    return Error(Errc::denied, "the repository is open for reading only");
}

} // namespace

// In the order in which each needs those before it.
struct Repository::Parts {
    Parts(std::unique_ptr<Store> its_store, KeyMaterial const& key, RepositoryOptions const& options)
        : store(std::move(its_store))
        , cipher(key)
        , compression(options.zstd_level)
        , files(*store, cipher, compression)
        , codec(cipher, compression)
        , mode(options.mode)
        , pack_bytes(options.pack_bytes)
    {
    }

    Result<void> start();
    Result<void> look(RecoveryReport& into);
    Result<Bytes> load_once(BlobType type, BlobId const& id);
    Result<PackWriter*> writable();

    std::unique_ptr<Store> store;
    Cipher cipher;
    Compression compression;
    SealedFiles files;
    BlobCodec codec;
    Catalog catalog;
    Reader reader{*store, cipher, codec, files, catalog};
    Config config;
    OpenMode mode;
    std::size_t pack_bytes;
    RecoveryReport report;
    std::mutex lock_mutex;
    std::optional<Lock> lock;
    std::unique_ptr<PackWriter> writer; // last: its thread uses all the others
};

// Sees all that is there. Staged packs first, indexes last: a blob only ever moves that way, so
// none slips through between two looks.
Result<void> Repository::Parts::look(RecoveryReport& into)
{
    if (mode == OpenMode::read_only)
        TRY(see_staged(reader));
    auto const packs = TRY(store->list(FileKind::pack).context("list packs"));
    TRY(load_indexes(reader));
    auto unindexed = TRY(find_unindexed(reader, packs, into));
    for (auto& pack : unindexed) {
        if (writer)
            writer->add_unindexed(std::move(pack));
    }
    return {};
}

Result<void> Repository::Parts::start()
{
    auto const json = TRY(files.get_config());
    config = TRY(decode_config(json));
    if (mode == OpenMode::read_only)
        return look(report);
    TRY(vault::ensure_nobody_prunes(*store, files));
    writer = std::make_unique<PackWriter>(*store, cipher, files, catalog, pack_bytes);
    TRY(look(report));
    TRY(recover_staged(reader, *writer, report));
    if (report.staged_packs == 0 && report.unindexed_packs == 0)
        return {};
    auto finished = writer->flush();
    if (!finished.ok()) // readable all the same, and tried again at the next flush
        report.problems.push_back("recovered packs wait: " + finished.error().message());
    return {};
}

Result<Bytes> Repository::Parts::load_once(BlobType type, BlobId const& id)
{
    auto const location = catalog.find(type, id);
    if (!location)
        return Error(Errc::not_found, "blob " + id.hex() + " is not in the repository");
    auto const stored = TRY(read_stored(reader, *location).context("blob " + id.hex()));
    return codec.decode(stored, location->place.plain_length, id).context("blob " + id.hex());
}

Result<PackWriter*> Repository::Parts::writable()
{
    if (!writer)
        return read_only_error();
    return writer.get();
}

Repository::Repository(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) { }

Repository::~Repository()
{
    parts_->writer.reset();
    if (parts_->lock)
        (void)parts_->lock->release();
}

Result<std::unique_ptr<Repository>> Repository::create(
    std::unique_ptr<Store> store, std::string_view password, RepositoryOptions const& options)
{
    auto const there = store->size(FileKind::config, std::string(config_name));
    if (there.ok())
        return Error(Errc::exists, "there is a repository already");
    auto const master = KeyMaterial::random();
    auto const cost =
        options.scrypt ? *options.scrypt : ScryptCost::calibrated(std::chrono::milliseconds(500));
    auto const key = TRY(wrap_master_key(master, password, cost));
    auto const key_json = encode_key_file(key);
    TRY(store->put(FileKind::key, Sha256::of(as_bytes(key_json)).hex(), as_bytes(key_json)));
    auto parts = std::make_unique<Parts>(std::move(store), master, options);
    // The config last: with it, there is a repository.
    auto const config = TRY(Config::random());
    TRY(parts->files.put_config(encode_config(config)));
    auto repository = std::unique_ptr<Repository>(new Repository(std::move(parts)));
    TRY(repository->parts_->start());
    return repository;
}

Result<std::unique_ptr<Repository>> Repository::open(
    std::unique_ptr<Store> store, std::string_view password, RepositoryOptions const& options)
{
    auto const master = TRY(find_master_key(*store, password).context("open repository"));
    auto repository = std::unique_ptr<Repository>(
        new Repository(std::make_unique<Parts>(std::move(store), master, options)));
    TRY(repository->parts_->start().context("open repository"));
    return repository;
}

Result<Repository::Saved> Repository::save_blob(BlobType type, ByteView plain)
{
    auto* const writer = TRY(parts_->writable());
    if (plain.size() > blob_max_bytes)
        return Error(Errc::invalid, "a blob is longer than its bound");
    Saved out;
    out.id = BlobId::of(plain);
    if (parts_->catalog.claim(type, out.id) == Catalog::Claim::known)
        return out;
    auto stored_bytes = [&]() -> Result<std::uint64_t> {
        auto const stored = TRY(parts_->codec.encode(type, plain));
        PackedBlob const blob{.id = out.id, .type = type, .plain_length = stored.plain_length()};
        auto const placed = TRY(writer->append(blob, stored.bytes()));
        return placed.length;
    }();
    parts_->catalog.release(type, out.id);
    out.stored_bytes = TRY(std::move(stored_bytes).context("save blob " + out.id.hex()));
    out.is_new = true;
    return out;
}

Result<Bytes> Repository::load_blob(BlobType type, BlobId const& id)
{
    auto blob = parts_->load_once(type, id);
    bool const may_have_moved = parts_->mode == OpenMode::read_only;
    if (blob.ok() || blob.error().code() != Errc::not_found || !may_have_moved)
        return blob;
    // Written by another meanwhile, or its pack has got its name between look-up and read.
    TRY(refresh());
    return parts_->load_once(type, id);
}

bool Repository::has_blob(BlobType type, BlobId const& id) const
{
    return parts_->catalog.has(type, id);
}

Result<void> Repository::flush()
{
    auto* const writer = TRY(parts_->writable());
    return writer->flush().context("flush repository");
}

Result<void> Repository::close()
{
    if (!parts_->writer)
        return {};
    TRY(flush());
    std::lock_guard lock(parts_->lock_mutex);
    parts_->writer.reset();
    if (parts_->lock)
        TRY(parts_->lock->release().context("unlock repository"));
    parts_->lock.reset();
    return {};
}

Result<void> Repository::ensure_nobody_prunes()
{
    return vault::ensure_nobody_prunes(*parts_->store, parts_->files);
}

Result<void> Repository::refresh_lock()
{
    std::lock_guard lock(parts_->lock_mutex);
    if (!parts_->lock)
        return {};
    return parts_->lock->refresh();
}

Result<void> Repository::take_lock()
{
    auto* const writer = TRY(parts_->writable());
    static_cast<void>(writer);
    std::lock_guard lock(parts_->lock_mutex);
    if (!parts_->lock)
        parts_->lock = TRY(Lock::take(*parts_->store, parts_->files));
    return {};
}

Result<void> Repository::refresh()
{
    RecoveryReport ignored; // the report is about open()
    return parts_->look(ignored).context("refresh repository");
}

Result<SnapshotId> Repository::save_snapshot(Snapshot const& snapshot)
{
    TRY(flush());
    if (!has_blob(BlobType::tree, snapshot.tree))
        return Error(Errc::invalid, "a snapshot of a tree that is not in the repository");
    return parts_->files.put(FileKind::snapshot, encode_snapshot(snapshot)).context("save snapshot");
}

Result<std::vector<SnapshotId>> Repository::list_snapshots() const
{
    auto const found = TRY(parts_->store->list(FileKind::snapshot).context("list snapshots"));
    std::vector<SnapshotId> out;
    for (auto const& file : found) {
        auto const id = TRY(SnapshotId::from_hex(file.name));
        out.push_back(id);
    }
    return out;
}

Result<Snapshot> Repository::load_snapshot(SnapshotId const& id) const
{
    auto const json = TRY(parts_->files.get(FileKind::snapshot, id));
    return decode_snapshot(json).context("snapshot " + id.hex());
}

Result<CheckReport> Repository::check(CheckDepth depth, CheckProgress const& progress)
{
    if (parts_->writer)
        TRY(flush());
    return check_repository(parts_->reader, depth, progress).context("check repository");
}

Statistics Repository::statistics() const
{
    auto const counts = parts_->catalog.counts();
    return {counts.blobs, counts.plain_bytes, counts.stored_bytes, counts.packs};
}

RecoveryReport const& Repository::recovery() const
{
    return parts_->report;
}

Config const& Repository::config() const
{
    return parts_->config;
}

} // namespace tocsin::vault
