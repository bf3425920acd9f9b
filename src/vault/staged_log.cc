// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/staged_log.h"

#include <algorithm>

namespace tocsin::vault {
namespace {

constexpr std::string_view magic = "tcsnpack";
constexpr std::uint16_t version = 1;

} // namespace

Bytes encode_log_header()
{
    ByteWriter out;
    out.raw(as_bytes(magic));
    out.fixed(version);
    out.fixed(std::uint16_t{0}); // incompatible flags
    out.fixed(std::uint32_t{0}); // reserved
    return out.take();
}

Bytes encode_log_record(Cipher const& cipher, PackedBlob const& blob)
{
    ByteWriter out;
    out.fixed(static_cast<std::uint32_t>(blob.type));
    out.fixed(blob.offset);
    out.fixed(blob.length);
    out.fixed(blob.plain_length);
    out.raw(blob.id.bytes);
    return cipher.seal(out.bytes());
}

namespace {

Result<PackedBlob> decode_record(Cipher const& cipher, ByteView sealed)
{
    auto const plain = TRY(cipher.open(sealed));
    ByteReader in(plain);
    PackedBlob blob;
    auto const type = TRY(in.fixed<std::uint32_t>());
    if (type > 1)
        return Error(Errc::corrupt, "a record of an unknown type");
    blob.type = static_cast<BlobType>(type);
    blob.offset = TRY(in.fixed<std::uint32_t>());
    blob.length = TRY(in.fixed<std::uint32_t>());
    blob.plain_length = TRY(in.fixed<std::uint32_t>());
    auto const id = TRY(in.raw(blob.id.bytes.size()));
    std::ranges::copy(id, blob.id.bytes.begin());
    if (blob.length < seal_overhead || blob.length > blob_max_bytes || blob.plain_length > blob_max_bytes)
        return Error(Errc::corrupt, "a record of a blob out of bounds");
    return blob;
}

} // namespace

Result<std::vector<PackedBlob>> decode_log(Cipher const& cipher, ByteView log)
{
    std::vector<PackedBlob> out;
    if (log.size() < log_header_bytes)
        return out;
    ByteReader in(log);
    auto const found = TRY(in.raw(magic.size()));
    auto const its_version = TRY(in.fixed<std::uint16_t>());
    auto const incompatible = TRY(in.fixed<std::uint16_t>());
    if (as_text(found) != magic)
        return Error(Errc::corrupt, "not the log of an open pack");
    if (its_version != version || incompatible != 0)
        return Error(Errc::unsupported, "the log of an open pack is of a later version");
    TRY(in.fixed<std::uint32_t>());
    while (in.left() >= log_record_bytes) {
        auto const sealed = TRY(in.raw(log_record_bytes));
        auto record = decode_record(cipher, sealed);
        if (!record.ok())
            break;
        out.push_back(record.take());
    }
    return out;
}

} // namespace tocsin::vault
