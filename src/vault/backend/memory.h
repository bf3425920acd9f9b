// SPDX-License-Identifier: Apache-2.0
// vault/backend/memory.h -- a repository in memory, for tests.
//
// The bytes live in a MemoryDisk that outlives the store, as a disk outlives a process: a store
// dropped without a word and another opened on the same disk is what a crash looks like.
// Threads: any.
#pragma once

#include <limits>
#include <map>
#include <mutex>
#include <set>

#include "tocsin/vault/store.h"

namespace tocsin::vault {

struct MemoryDisk {
    std::mutex mutex;
    std::map<std::pair<FileKind, std::string>, std::shared_ptr<Bytes>> files;
    std::map<std::string, std::shared_ptr<Bytes>> staged;
    std::set<std::string> held;
    std::uint64_t used_bytes = 0;
    std::uint64_t capacity_bytes = std::numeric_limits<std::uint64_t>::max();
};

class MemoryStore final : public Store {
public:
    explicit MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) { }

    Result<void> put(FileKind kind, std::string const& name, ByteView bytes) override;
    Result<Bytes> get(FileKind kind, std::string const& name) const override;
    Result<Bytes> get_range(
        FileKind kind, std::string const& name, std::uint64_t offset, std::size_t length) const override;
    Result<std::uint64_t> size(FileKind kind, std::string const& name) const override;
    Result<std::vector<FileInfo>> list(FileKind kind) const override;
    Result<void> remove(FileKind kind, std::string const& name) override;

    Result<std::unique_ptr<StagedFile>> create_staged(std::string const& name) override;
    Result<std::unique_ptr<StagedFile>> open_staged(std::string const& name) override;
    Result<Bytes> read_staged(
        std::string const& name, std::uint64_t offset, std::size_t length) const override;
    Result<std::vector<FileInfo>> list_staged() const override;

private:
    std::shared_ptr<MemoryDisk> disk_;
};

} // namespace tocsin::vault
