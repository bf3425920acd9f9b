// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/recovery.h"

#include "tocsin/vault/staged_log.h"

namespace tocsin::vault {
namespace {

constexpr std::uint64_t log_limit_bytes = 64ULL << 20;
constexpr std::string_view put_prefix = "put-";

// The stem of "STEM.log", or nothing.
std::string_view stem_of(std::string_view name, std::string_view suffix)
{
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : std::string_view();
}

// A file in staging/ with nothing in it that anybody was told of. One that a living writer
// holds stays.
void discard_if_dead(Store& store, std::string const& name)
{
    auto held = store.open_staged(name);
    if (held.ok())
        (void)held.take()->discard();
}

} // namespace

Result<Bytes> read_stored(Reader const& reader, Catalog::Location const& location)
{
    auto const& place = location.place;
    if (auto const* id = std::get_if<PackId>(&location.file))
        return reader.store.get_range(FileKind::pack, id->hex(), place.offset, place.length);
    if (auto const* staged = std::get_if<std::shared_ptr<StagedPack>>(&location.file))
        return (*staged)->read(place.offset, place.length);
    auto const& foreign = std::get<ForeignPack>(location.file);
    return reader.store.read_staged(foreign.stem + std::string(pack_suffix), place.offset, place.length);
}

Result<void> load_indexes(Reader const& reader)
{
    auto const found = TRY(reader.store.list(FileKind::index).context("list indexes"));
    for (auto const& file : found) {
        auto const id = TRY(Sha256::from_hex(file.name));
        if (reader.catalog.knows_index(id))
            continue;
        auto json = reader.files.get(FileKind::index, id);
        if (!json.ok() && json.error().code() == Errc::not_found)
            continue; // replaced meanwhile by another that we see now or at the next refresh
        auto const bytes = TRY(std::move(json));
        auto const packs = TRY(decode_index(bytes).context("index " + file.name));
        for (auto const& pack : packs)
            reader.catalog.add_published(pack.id, pack.blobs);
        reader.catalog.note_index(id);
    }
    return {};
}

Result<std::vector<IndexedPack>> find_unindexed(
    Reader const& reader, std::span<FileInfo const> packs, RecoveryReport& report)
{
    std::vector<IndexedPack> out;
    for (auto const& file : packs) {
        auto const id = TRY(Sha256::from_hex(file.name));
        if (reader.catalog.knows_pack(id))
            continue;
        auto header = read_pack_header(reader.store, reader.cipher, file.name, file.size);
        if (!header.ok()) {
            if (header.error().code() != Errc::not_found)
                report.problems.push_back("unindexed pack left alone: " + header.error().message());
            continue;
        }
        IndexedPack pack{id, header.take().blobs};
        reader.catalog.add_published(id, pack.blobs);
        out.push_back(std::move(pack));
        ++report.unindexed_packs;
    }
    return out;
}

Result<void> see_staged(Reader const& reader)
{
    auto const found = TRY(reader.store.list_staged().context("list staged packs"));
    for (auto const& file : found) {
        auto const stem = stem_of(file.name, log_suffix);
        if (stem.empty() || file.size > log_limit_bytes)
            continue;
        auto log = reader.store.read_staged(file.name, 0, static_cast<std::size_t>(file.size));
        if (!log.ok())
            continue; // sealed meanwhile
        auto records = decode_log(reader.cipher, log.take());
        if (records.ok())
            reader.catalog.add_foreign(std::string(stem), records.take());
    }
    return {};
}

Result<void> recover_staged(Reader const& reader, PackWriter& writer, RecoveryReport& report)
{
    auto const found = TRY(reader.store.list_staged().context("list staged packs"));
    for (auto const& file : found) {
        if (file.name.starts_with(put_prefix))
            discard_if_dead(reader.store, file.name);
        auto const stem = stem_of(file.name, log_suffix);
        if (stem.empty())
            continue;
        auto recovered = StagedPack::recover(reader.store, reader.cipher, reader.codec, std::string(stem));
        if (!recovered.ok()) {
            auto const code = recovered.error().code();
            if (code != Errc::again && code != Errc::not_found) // a living writer's; finished meanwhile
                report.problems.push_back("staged pack left alone: " + recovered.error().message());
            continue;
        }
        auto result = recovered.take();
        report.lost_blobs += result.lost_blobs;
        for (auto& pack : result.packs) {
            ++report.staged_packs;
            report.staged_blobs += pack->blobs().size();
            writer.adopt(std::move(pack));
        }
    }
    // Packs without a log: their writer died before the log was made, so before any blob.
    auto const left = TRY(reader.store.list_staged());
    for (auto const& file : left) {
        auto const stem = stem_of(file.name, pack_suffix);
        if (stem.empty())
            continue;
        auto const log = std::string(stem) + std::string(log_suffix);
        auto const has_log = reader.store.read_staged(log, 0, 0);
        if (!has_log.ok() && has_log.error().code() == Errc::not_found)
            discard_if_dead(reader.store, file.name);
    }
    return {};
}

} // namespace tocsin::vault
