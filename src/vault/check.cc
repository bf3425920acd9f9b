// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/check.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/vault/snapshot.h"
#include "tocsin/vault/tree.h"

namespace tocsin::vault {
namespace {

constexpr std::size_t problem_limit = 1000;

std::uint64_t header_bytes_of(std::span<PackedBlob const> blobs)
{
    std::uint64_t out = seal_overhead + sizeof(std::uint32_t);
    for (auto const& blob : blobs)
        out += blob.compressed() ? 41 : 37;
    return out;
}

class Checker {
public:
    Checker(Reader const& reader, CheckProgress const& progress) : reader_(reader), progress_(progress) { }

    Result<CheckReport> run(CheckDepth depth)
    {
        // Against the order in which a writer makes them, who may be at work: so all that something
        // listed here speaks of is found.
        auto const snapshots = TRY(reader_.store.list(FileKind::snapshot));
        TRY(read_indexes());
        auto const files = TRY(reader_.store.list(FileKind::pack));
        total_ = snapshots.size() + (depth == CheckDepth::read_data ? files.size() : 0);
        check_packs(files);
        for (auto const& file : snapshots) {
            check_snapshot(file.name);
            step();
        }
        if (depth == CheckDepth::read_data) {
            for (auto const& file : files) {
                check_pack_data(file);
                step();
            }
        }
        return std::move(report_);
    }

private:
    void problem(std::string sentence)
    {
        if (report_.problems.size() < problem_limit)
            report_.problems.push_back(std::move(sentence));
    }
    void step()
    {
        ++done_;
        if (progress_)
            progress_(done_, total_);
    }

    Result<void> read_indexes()
    {
        auto const found = TRY(reader_.store.list(FileKind::index));
        for (auto const& file : found) {
            auto packs = read_index(file.name);
            if (!packs.ok()) {
                problem(packs.error().message());
                continue;
            }
            for (auto& pack : packs.take()) {
                auto& known = indexed_[pack.id];
                known.insert(known.end(), pack.blobs.begin(), pack.blobs.end());
            }
        }
        for (auto& [id, blobs] : indexed_) { // the same pack may stand in several indexes
            std::ranges::sort(blobs, {}, &PackedBlob::offset);
            auto const again = std::ranges::unique(blobs);
            blobs.erase(again.begin(), again.end());
        }
        return {};
    }

    Result<std::vector<IndexedPack>> read_index(std::string const& name)
    {
        auto const id = TRY(Sha256::from_hex(name));
        auto const json = TRY(reader_.files.get(FileKind::index, id));
        return decode_index(json).context("index " + name);
    }

    void check_packs(std::span<FileInfo const> files)
    {
        std::unordered_map<PackId, std::uint64_t> sizes;
        for (auto const& file : files) {
            auto const id = Sha256::from_hex(file.name).take(); // list() gives nothing else
            sizes.emplace(id, file.size);
            report_.unindexed_packs += indexed_.contains(id) ? 0 : 1;
        }
        report_.packs = sizes.size();
        for (auto const& [id, blobs] : indexed_) {
            report_.blobs += blobs.size();
            auto const found = sizes.find(id);
            std::uint64_t expected = header_bytes_of(blobs);
            for (auto const& blob : blobs)
                expected += blob.length;
            if (found == sizes.end())
                problem("pack " + id.hex() + " is in an index but not there");
            else if (found->second != expected)
                problem(
                    fmt::format("pack {} has {} bytes, {} by its index", id.hex(), found->second, expected));
        }
    }

    Result<Bytes> load(BlobType type, BlobId const& id)
    {
        auto const location = reader_.catalog.find(type, id);
        if (!location)
            return Error(Errc::not_found, "blob " + id.hex() + " is nowhere");
        auto const& place = location->place;
        auto const stored = TRY(read_stored(reader_, *location));
        return reader_.codec.decode(stored, place.plain_length, id).context("blob " + id.hex());
    }

    void check_snapshot(std::string const& name)
    {
        auto snapshot = [&]() -> Result<Snapshot> {
            auto const id = TRY(Sha256::from_hex(name));
            auto const json = TRY(reader_.files.get(FileKind::snapshot, id));
            return decode_snapshot(json).context("snapshot " + name);
        }();
        if (!snapshot.ok()) {
            problem(snapshot.error().message());
            return;
        }
        ++report_.snapshots;
        std::vector<BlobId> to_visit{snapshot.take().tree};
        while (!to_visit.empty()) {
            auto const id = to_visit.back();
            to_visit.pop_back();
            if (seen_trees_.insert(id).second)
                check_tree(id, to_visit);
        }
    }

    void check_tree(BlobId const& id, std::vector<BlobId>& to_visit)
    {
        auto nodes = [&]() -> Result<std::vector<Node>> {
            auto const blob = TRY(load(BlobType::tree, id));
            return decode_tree(blob, TreeBounds{}).context("tree " + id.hex());
        }();
        if (!nodes.ok()) {
            problem(nodes.error().message());
            return;
        }
        ++report_.trees;
        for (auto const& node : nodes.take()) {
            for (auto const& content : node.content) {
                if (!reader_.catalog.has(BlobType::data, content))
                    problem("tree " + id.hex() + " names blob " + content.hex() + ", which is nowhere");
            }
            if (node.subtree)
                to_visit.push_back(*node.subtree);
            else if (node.type == NodeType::dir)
                problem("tree " + id.hex() + " has a directory without a tree");
        }
    }

    void check_pack_data(FileInfo const& file)
    {
        auto checked = read_pack(file);
        if (!checked.ok())
            problem(checked.error().message());
    }

    Result<void> read_pack(FileInfo const& file)
    {
        auto const id = TRY(Sha256::from_hex(file.name));
        auto const bytes = TRY(reader_.store.get(FileKind::pack, file.name));
        report_.bytes_read += bytes.size();
        if (Sha256::of(bytes) != id)
            return Error(Errc::corrupt, "pack " + file.name + " does not match its name");
        auto const header = TRY(read_pack_header(reader_.store, reader_.cipher, file.name, bytes.size()));
        auto const indexed = indexed_.find(id);
        if (indexed != indexed_.end() && !std::ranges::equal(indexed->second, header.blobs))
            problem("pack " + file.name + " has other blobs than its index says");
        for (auto const& blob : header.blobs) {
            auto const stored = ByteView(bytes).subspan(blob.offset, blob.length);
            auto const plain = reader_.codec.decode(stored, blob.plain_length, blob.id);
            if (!plain.ok())
                problem(
                    fmt::format("pack {}: blob {}: {}", file.name, blob.id.hex(), plain.error().message()));
        }
        return {};
    }

    Reader const& reader_;
    CheckProgress const& progress_;
    CheckReport report_;
    std::unordered_map<PackId, std::vector<PackedBlob>> indexed_;
    std::unordered_set<BlobId> seen_trees_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

} // namespace

Result<CheckReport> check_repository(Reader const& reader, CheckDepth depth, CheckProgress const& progress)
{
    return Checker(reader, progress).run(depth);
}

} // namespace tocsin::vault
