// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/index_file.h"

#include <fmt/format.h>
#include <iterator>

#include "tocsin/vault/crypto.h"
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

Result<std::uint32_t> small_number(json::object const& object, std::string_view name)
{
    auto const value = TRY(number_field_or(object, name, 0));
    if (value > UINT32_MAX)
        return Error(Errc::corrupt, "field '" + std::string(name) + "' is out of bounds");
    return static_cast<std::uint32_t>(value);
}

Result<PackedBlob> decode_blob(json::value const& value)
{
    auto const* object = TRY(object_of(value, "blob"));
    PackedBlob out;
    out.id = TRY(id_field(*object, "id"));
    auto const type = TRY(text_field(*object, "type"));
    if (type != "data" && type != "tree")
        return Error(Errc::corrupt, "an index has a blob of an unknown type");
    out.type = type == "tree" ? BlobType::tree : BlobType::data;
    out.offset = TRY(small_number(*object, "offset"));
    out.length = TRY(small_number(*object, "length"));
    out.plain_length = TRY(small_number(*object, "uncompressed_length"));
    if (out.length < seal_overhead)
        return Error(Errc::corrupt, "an index has a blob shorter than anything sealed");
    return out;
}

Result<IndexedPack> decode_pack(json::value const& value)
{
    auto const* object = TRY(object_of(value, "pack"));
    IndexedPack out;
    out.id = TRY(id_field(*object, "id"));
    auto const* blobs = TRY(array_field_or_null(*object, "blobs"));
    if (blobs == nullptr)
        return out;
    out.blobs.reserve(blobs->size());
    for (auto const& blob : *blobs) {
        auto const decoded = TRY(decode_blob(blob));
        out.blobs.push_back(decoded);
    }
    return out;
}

} // namespace

std::string encode_index(std::span<IndexedPack const> packs)
{
    std::string out = R"({"packs":[)";
    for (auto const& pack : packs) {
        auto to = std::back_inserter(out);
        fmt::format_to(to, R"({}{{"id":"{}","blobs":[)", &pack == packs.data() ? "" : ",", pack.id.hex());
        for (auto const& blob : pack.blobs) {
            fmt::format_to(to, R"({}{{"id":"{}","type":"{}","offset":{},"length":{})",
                &blob == pack.blobs.data() ? "" : ",", blob.id.hex(),
                blob.type == BlobType::tree ? "tree" : "data", blob.offset, blob.length);
            if (blob.compressed())
                fmt::format_to(to, R"(,"uncompressed_length":{})", blob.plain_length);
            out += '}';
        }
        out += "]}";
    }
    out += "]}\n";
    return out;
}

Result<std::vector<IndexedPack>> decode_index(ByteView json)
{
    auto const value = TRY(parse_json(as_text(json)));
    auto const* object = TRY(object_of(value, "index"));
    auto const* packs = TRY(array_field_or_null(*object, "packs"));
    std::vector<IndexedPack> out;
    if (packs == nullptr)
        return out;
    out.reserve(packs->size());
    for (auto const& pack : *packs) {
        auto decoded = TRY(decode_pack(pack));
        out.push_back(std::move(decoded));
    }
    return out;
}

} // namespace tocsin::vault
