// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/snapshot.h"

#include <fmt/format.h>

#include "tocsin/vault/go_text.h"
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

void append_texts(std::string& out, std::string_view name, std::vector<std::string> const& texts)
{
    out += fmt::format(",\"{}\":[", name);
    for (auto const& text : texts) {
        if (&text != texts.data())
            out += ',';
        append_json_string(out, text);
    }
    out += ']';
}

void append_text(std::string& out, std::string_view name, std::string_view text)
{
    if (text.empty())
        return;
    out += fmt::format(",\"{}\":", name);
    append_json_string(out, text);
}

Result<std::vector<std::string>> texts_of(json::object const& object, std::string_view name)
{
    std::vector<std::string> out;
    auto const* array = TRY(array_field_or_null(object, name));
    if (array == nullptr)
        return out;
    for (auto const& value : *array) {
        auto const text = TRY(text_of(value, name));
        out.emplace_back(text);
    }
    return out;
}

Result<std::optional<SnapshotId>> optional_id(json::object const& object, std::string_view name)
{
    auto const text = TRY(text_field_or(object, name, ""));
    if (text.empty())
        return std::optional<SnapshotId>();
    auto const id = TRY(id_field(object, name));
    return std::optional<SnapshotId>(id);
}

Result<std::uint32_t> owner_field(json::object const& object, std::string_view name)
{
    auto const value = TRY(number_field_or(object, name, 0));
    if (value > UINT32_MAX)
        return Error(Errc::corrupt, "field '" + std::string(name) + "' is out of bounds");
    return static_cast<std::uint32_t>(value);
}

} // namespace

std::string encode_snapshot(Snapshot const& snapshot)
{
    std::string out = R"({"time":")";
    append_time(out, snapshot.time);
    out += '"';
    if (snapshot.parent)
        append_text(out, "parent", snapshot.parent->hex());
    append_text(out, "tree", snapshot.tree.hex());
    append_texts(out, "paths", snapshot.paths);
    append_text(out, "hostname", snapshot.hostname);
    append_text(out, "username", snapshot.username);
    if (snapshot.uid != 0)
        out += fmt::format(",\"uid\":{}", snapshot.uid);
    if (snapshot.gid != 0)
        out += fmt::format(",\"gid\":{}", snapshot.gid);
    if (!snapshot.excludes.empty())
        append_texts(out, "excludes", snapshot.excludes);
    if (!snapshot.tags.empty())
        append_texts(out, "tags", snapshot.tags);
    if (snapshot.original)
        append_text(out, "original", snapshot.original->hex());
    append_text(out, "program_version", snapshot.program_version);
    out += '}';
    return out;
}

Result<Snapshot> decode_snapshot(ByteView json)
{
    auto const value = TRY(parse_json(as_text(json)));
    auto const* object = TRY(object_of(value, "snapshot"));
    Snapshot out;
    auto const time = TRY(text_field(*object, "time"));
    out.time = TRY(parse_go_time(time));
    out.parent = TRY(optional_id(*object, "parent"));
    out.tree = TRY(id_field(*object, "tree"));
    out.paths = TRY(texts_of(*object, "paths"));
    out.hostname = TRY(text_field_or(*object, "hostname", ""));
    out.username = TRY(text_field_or(*object, "username", ""));
    out.uid = TRY(owner_field(*object, "uid"));
    out.gid = TRY(owner_field(*object, "gid"));
    out.excludes = TRY(texts_of(*object, "excludes"));
    out.tags = TRY(texts_of(*object, "tags"));
    out.original = TRY(optional_id(*object, "original"));
    out.program_version = TRY(text_field_or(*object, "program_version", ""));
    return out;
}

} // namespace tocsin::vault
