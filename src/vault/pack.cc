// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/pack.h"

#include <algorithm>
#include <fmt/format.h>

namespace tocsin::vault {
namespace {

constexpr std::size_t length_bytes = sizeof(std::uint32_t);
// Read at once with the length: enough for the header of most packs.
constexpr std::size_t eager_bytes = 64 * 1024;
constexpr std::uint8_t compressed_bit = 2;

Bytes encode_entries(std::span<PackedBlob const> blobs)
{
    ByteWriter out;
    for (auto const& blob : blobs) {
        auto type = static_cast<std::uint8_t>(blob.type);
        if (blob.compressed())
            type = static_cast<std::uint8_t>(type | compressed_bit);
        out.fixed(type);
        out.fixed(blob.length);
        if (blob.compressed())
            out.fixed(blob.plain_length);
        out.raw(blob.id.bytes);
    }
    return out.take();
}

Result<PackedBlob> read_entry(ByteReader& in)
{
    PackedBlob blob;
    auto const type = TRY(in.fixed<std::uint8_t>());
    if (type > 3)
        return Error(Errc::corrupt, fmt::format("a pack header has an entry of type {}", type));
    blob.type = (type & 1) != 0 ? BlobType::tree : BlobType::data;
    blob.length = TRY(in.fixed<std::uint32_t>());
    if ((type & compressed_bit) != 0) {
        blob.plain_length = TRY(in.fixed<std::uint32_t>());
        if (blob.plain_length == 0)
            return Error(Errc::corrupt, "a pack header has a compressed blob of no length");
    }
    auto const id = TRY(in.raw(blob.id.bytes.size()));
    std::ranges::copy(id, blob.id.bytes.begin());
    if (blob.length < seal_overhead)
        return Error(Errc::corrupt, "a pack header has a blob shorter than anything sealed");
    return blob;
}

} // namespace

std::uint64_t PackedBlob::plain_bytes() const
{
    return compressed() ? plain_length : length - seal_overhead;
}

Result<Bytes> encode_pack_header(Cipher const& cipher, std::span<PackedBlob const> blobs)
{
    auto const entries = encode_entries(blobs);
    auto out = cipher.seal(entries);
    auto const opened = TRY(cipher.open(out).context("read back a pack header"));
    std::uint64_t const body = blobs.empty() ? 0 : std::uint64_t{blobs.back().offset} + blobs.back().length;
    auto const read_back = TRY(parse_pack_entries(opened, body).context("read back a pack header"));
    if (!std::ranges::equal(read_back, blobs))
        return Error(Errc::failed, "a pack header reads back differently: broken memory or a bug");
    auto const length = static_cast<std::uint32_t>(out.size());
    auto const raw = std::as_bytes(std::span(&length, 1));
    out.insert(out.end(), raw.begin(), raw.end());
    return out;
}

Result<std::vector<PackedBlob>> parse_pack_entries(ByteView plain, std::uint64_t body_bytes)
{
    std::vector<PackedBlob> out;
    ByteReader in(plain);
    std::uint64_t offset = 0;
    while (in.left() > 0) {
        auto blob = TRY(read_entry(in));
        if (blob.length > body_bytes - offset || offset > UINT32_MAX)
            return Error(Errc::corrupt, "a pack header lists more than the pack holds");
        blob.offset = static_cast<std::uint32_t>(offset);
        offset += blob.length;
        out.push_back(blob);
    }
    return out;
}

Result<PackHeader> read_pack_header(
    Store const& store, Cipher const& cipher, std::string const& name, std::uint64_t size)
{
    if (size < length_bytes + seal_overhead)
        return Error(Errc::corrupt, "pack " + name + " is shorter than a header");
    auto const eager = static_cast<std::size_t>(std::min<std::uint64_t>(size, eager_bytes));
    auto tail = TRY(store.get_range(FileKind::pack, name, size - eager, eager));
    std::uint32_t length = 0;
    std::memcpy(&length, tail.data() + tail.size() - length_bytes, length_bytes);
    if (length < seal_overhead || length > pack_header_max_bytes || length > size - length_bytes)
        return Error(Errc::corrupt, fmt::format("pack {} has a header of {} bytes", name, length));
    std::size_t const whole = length + length_bytes;
    if (whole > tail.size())
        tail = TRY(store.get_range(FileKind::pack, name, size - whole, whole));
    auto const sealed = ByteView(tail).last(whole).first(length);
    auto const opened = TRY(cipher.open(sealed).context("header of pack " + name));
    PackHeader out;
    out.body_bytes = size - whole;
    out.blobs = TRY(parse_pack_entries(opened, out.body_bytes).context("pack " + name));
    return out;
}

} // namespace tocsin::vault
