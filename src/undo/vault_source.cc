// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/vault_source.h"

namespace tocsin::undo {

Result<Bytes> VaultSource::load(Sha256 const& blob)
{
    return repository_.load_blob(vault::BlobType::data, blob);
}

} // namespace tocsin::undo
