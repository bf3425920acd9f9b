// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/blob_codec.h"

#include <algorithm>

namespace tocsin::vault {

Result<StoredBlob> BlobCodec::encode(BlobType type, ByteView plain) const
{
    StoredBlob out;
    out.bytes.reserve(plain.size() + plain.size() / 128 + 1024);
    out.bytes.resize(iv_bytes);
    // Trees are always compressed, as restic expects of them; nothing of no length is.
    bool const compress = !plain.empty() && (type == BlobType::tree || looks_compressible(plain));
    if (compress)
        compression_.compress(plain, out.bytes);
    bool const pays = out.bytes.size() - iv_bytes < plain.size();
    if (compress && (pays || type == BlobType::tree)) {
        out.plain_length = static_cast<std::uint32_t>(plain.size());
    } else {
        out.bytes.resize(iv_bytes);
        out.bytes.insert(out.bytes.end(), plain.begin(), plain.end());
    }
    cipher_.seal_in_place(out.bytes);

    auto const read_back = TRY(open(out.bytes, out.plain_length).context("read back a blob"));
    if (!std::ranges::equal(read_back, plain))
        return Error(Errc::failed, "a blob reads back differently: broken memory or a bug");
    return out;
}

Result<Bytes> BlobCodec::open(ByteView stored, std::uint32_t plain_length) const
{
    auto opened = TRY(cipher_.open(stored));
    if (plain_length == 0)
        return opened;
    if (plain_length > blob_max_bytes)
        return Error(Errc::corrupt, "a blob is longer than its bound");
    Bytes plain(plain_length);
    TRY(compression_.decompress_into(opened, plain));
    return plain;
}

Result<Bytes> BlobCodec::decode(ByteView stored, std::uint32_t plain_length, BlobId const& id) const
{
    auto plain = TRY(open(stored, plain_length));
    if (BlobId::of(plain) != id)
        return Error(Errc::corrupt, "the content does not match its hash");
    return plain;
}

} // namespace tocsin::vault
