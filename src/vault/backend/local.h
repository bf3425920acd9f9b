// SPDX-License-Identifier: Apache-2.0
// vault/backend/local.h -- a repository in a directory, laid out as restic does it.
//
// config, keys/, snapshots/, index/, locks/, data/<2 digits>/; and staging/, which restic does
// not look at. Every file is written in staging/, synchronised, renamed to its final name
// (never over another file), and its directory synchronised. A staged file is held by flock(2),
// which the kernel lets go of when its holder dies.
// Owns: descriptors of the directories. Threads: as Store.
#pragma once

#include "tocsin/base/unique_fd.h"
#include "tocsin/vault/store.h"

namespace tocsin::vault {

class LocalStore final : public Store {
public:
    // Makes the directory and those in it. `exists` when a repository is there.
    static Result<std::unique_ptr<LocalStore>> create(std::string const& path);
    // `not_found` when there is no repository.
    static Result<std::unique_ptr<LocalStore>> open(std::string const& path);

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
    explicit LocalStore(UniqueFd root) : root_(std::move(root)) { }
    Result<std::unique_ptr<StagedFile>> hold(std::string const& name, int flags);

    UniqueFd root_;
};

} // namespace tocsin::vault
