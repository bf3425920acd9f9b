// SPDX-License-Identifier: Apache-2.0
// undo/vault_source.h -- contents from the vault's repository.
//
// Borrows the repository, which any thread may call.
#pragma once

#include "tocsin/undo/content_source.h"
#include "tocsin/vault/repository.h"

namespace tocsin::undo {

class VaultSource final : public ContentSource {
public:
    explicit VaultSource(vault::Repository& repository) : repository_(repository) { }
    Result<Bytes> load(Sha256 const& blob) override;

private:
    vault::Repository& repository_;
};

} // namespace tocsin::undo
