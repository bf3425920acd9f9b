// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <numeric>
#include <sys/stat.h>

#include "tocsin/base/utf8.h"
#include "tocsin/vault/base64.h"
#include "tocsin/vault/go_text.h"
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

struct TypeName {
    NodeType type;
    std::string_view name;
    mode_t mode;
};
constexpr TypeName type_names[] = {{NodeType::file, "file", S_IFREG}, {NodeType::dir, "dir", S_IFDIR},
    {NodeType::symlink, "symlink", S_IFLNK}, {NodeType::dev, "dev", S_IFBLK},
    {NodeType::chardev, "chardev", S_IFCHR}, {NodeType::fifo, "fifo", S_IFIFO},
    {NodeType::socket, "socket", S_IFSOCK}, {NodeType::irregular, "irregular", 0}};

TypeName const& entry_of(NodeType type)
{
    return *std::ranges::find(type_names, type, &TypeName::type);
}

bool is_component(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos
        && name.find('\0') == std::string_view::npos;
}

void append_field(std::string& out, std::string_view name, std::string_view text)
{
    if (text.empty())
        return;
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
    append_json_string(out, text);
}

void append_field(std::string& out, std::string_view name, std::uint64_t number)
{
    if (number != 0)
        fmt::format_to(std::back_inserter(out), R"(,"{}":{})", name, number);
}

void append_field(std::string& out, std::string_view name, WallTime time)
{
    fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
    append_time(out, time);
    out += '"';
}

void append_attributes(std::string& out, std::vector<ExtendedAttribute> const& attributes)
{
    if (attributes.empty())
        return;
    out += R"(,"extended_attributes":[)";
    for (auto const& attribute : attributes) {
        out += &attribute == attributes.data() ? R"({"name":)" : R"(,{"name":)";
        append_json_string(out, attribute.name);
        out += R"(,"value":")";
        out += to_base64(attribute.value);
        out += R"("})";
    }
    out += ']';
}

void append_content(std::string& out, Node const& node)
{
    if (node.type != NodeType::file) {
        out += R"(,"content":null)";
        return;
    }
    out += R"(,"content":[)";
    for (auto const& id : node.content) {
        out += &id == node.content.data() ? "\"" : ",\"";
        out += id.hex();
        out += '"';
    }
    out += ']';
}

// The fields in restic's order.
void append_node(std::string& out, Node const& node)
{
    auto const& type = entry_of(node.type);
    out += R"({"name":)";
    append_quoted_name(out, node.name);
    append_field(out, "type", type.name);
    append_field(out, "mode", to_go_mode((node.mode & ~static_cast<mode_t>(S_IFMT)) | type.mode));
    append_field(out, "mtime", node.mtime);
    append_field(out, "atime", node.atime);
    append_field(out, "ctime", node.ctime);
    fmt::format_to(std::back_inserter(out), R"(,"uid":{},"gid":{})", node.uid, node.gid);
    append_field(out, "user", node.user);
    append_field(out, "group", node.group);
    append_field(out, "inode", node.inode);
    append_field(out, "device_id", node.device_id);
    append_field(out, "size", node.size);
    append_field(out, "links", node.links);
    append_field(out, "linktarget", node.linktarget);
    if (!is_utf8(node.linktarget))
        append_field(out, "linktarget_raw", to_base64(as_bytes(node.linktarget)));
    append_attributes(out, node.extended_attributes);
    append_field(out, "device", node.device);
    append_content(out, node);
    if (node.subtree)
        append_field(out, "subtree", node.subtree->hex());
    append_field(out, "error", node.error);
    out += '}';
}

Result<std::uint32_t> owner_field(json::object const& object, std::string_view name)
{
    auto const value = TRY(number_field_or(object, name, 0));
    if (value > UINT32_MAX)
        return Error(Errc::corrupt, "field '" + std::string(name) + "' is out of bounds");
    return static_cast<std::uint32_t>(value);
}

Result<WallTime> time_field(json::object const& object, std::string_view name)
{
    auto const text = TRY(text_field(object, name));
    return parse_go_time(text);
}

Result<std::string> linktarget_field(json::object const& object)
{
    auto const raw = TRY(text_field_or(object, "linktarget_raw", ""));
    if (raw.empty()) {
        auto const text = TRY(text_field_or(object, "linktarget", ""));
        return std::string(text);
    }
    auto const bytes = TRY(from_base64(raw));
    return std::string(as_text(bytes));
}

Result<void> decode_attributes(json::object const& object, Node& into)
{
    auto const* list = TRY(array_field_or_null(object, "extended_attributes"));
    if (list == nullptr)
        return {};
    for (auto const& value : *list) {
        auto const* attribute = TRY(object_of(value, "extended attribute"));
        auto const name = TRY(text_field(*attribute, "name"));
        auto const base64 = TRY(text_field_or(*attribute, "value", ""));
        auto bytes = TRY(from_base64(base64));
        into.extended_attributes.push_back({std::string(name), std::move(bytes)});
    }
    return {};
}

Result<void> decode_content(json::object const& object, Node& into)
{
    auto const* list = TRY(array_field_or_null(object, "content"));
    if (list != nullptr) {
        into.content.reserve(list->size());
        for (auto const& value : *list) {
            auto const id = TRY(id_of(value, "content"));
            into.content.push_back(id);
        }
    }
    auto const subtree = TRY(text_field_or(object, "subtree", ""));
    if (!subtree.empty())
        into.subtree = TRY(id_field(object, "subtree"));
    return {};
}

Result<void> decode_identity(json::object const& object, Node& into)
{
    auto const quoted = TRY(text_field(object, "name"));
    into.name = TRY(unquote_name(quoted));
    if (!is_component(into.name))
        return Error(Errc::corrupt, "a tree has a name that is no single component");
    auto const type = TRY(text_field(object, "type"));
    auto const* known = std::ranges::find(type_names, type, &TypeName::name);
    if (known == std::end(type_names))
        return Error(Errc::corrupt, "a tree has a node of an unknown type");
    into.type = known->type;
    auto const mode = TRY(owner_field(object, "mode"));
    into.mode = (from_go_mode(mode) & ~static_cast<mode_t>(S_IFMT)) | known->mode;
    return {};
}

Result<Node> decode_node(json::value const& value)
{
    auto const* object = TRY(object_of(value, "node"));
    Node out;
    TRY(decode_identity(*object, out));
    out.mtime = TRY(time_field(*object, "mtime"));
    out.atime = TRY(time_field(*object, "atime"));
    out.ctime = TRY(time_field(*object, "ctime"));
    out.uid = TRY(owner_field(*object, "uid"));
    out.gid = TRY(owner_field(*object, "gid"));
    out.user = TRY(text_field_or(*object, "user", ""));
    out.group = TRY(text_field_or(*object, "group", ""));
    out.inode = TRY(number_field_or(*object, "inode", 0));
    out.device_id = TRY(number_field_or(*object, "device_id", 0));
    out.size = TRY(number_field_or(*object, "size", 0));
    out.links = TRY(number_field_or(*object, "links", 0));
    out.linktarget = TRY(linktarget_field(*object));
    TRY(decode_attributes(*object, out));
    out.device = TRY(number_field_or(*object, "device", 0));
    TRY(decode_content(*object, out));
    out.error = TRY(text_field_or(*object, "error", ""));
    return out;
}

} // namespace

std::string_view to_string(NodeType type)
{
    return entry_of(type).name;
}

NodeType node_type_of(mode_t mode)
{
    auto const* known = std::ranges::find(type_names, mode & S_IFMT, &TypeName::mode);
    return known == std::end(type_names) ? NodeType::irregular : known->type;
}

Result<Bytes> encode_tree(std::span<Node const> nodes)
{
    std::vector<std::size_t> order(nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) -> std::string const& { return nodes[i].name; });

    std::string out = R"({"nodes":[)";
    out.reserve(nodes.size() * 512);
    std::string const* last = nullptr;
    for (auto i : order) {
        auto const& node = nodes[i];
        if (!is_component(node.name))
            return Error(Errc::invalid, "a node's name is no single component");
        if (last != nullptr && *last == node.name)
            return Error(Errc::invalid, "two nodes of a tree have the same name");
        if (last != nullptr)
            out += ',';
        append_node(out, node);
        last = &node.name;
    }
    out += "]}\n";
    return to_bytes(as_bytes(out));
}

Result<std::vector<Node>> decode_tree(ByteView blob, TreeBounds const& bounds)
{
    if (blob.size() > bounds.bytes)
        return Error(Errc::corrupt, "a tree is longer than its bound");
    auto const value = TRY(parse_json(as_text(blob)));
    auto const* object = TRY(object_of(value, "tree"));
    auto const* nodes = TRY(array_field_or_null(*object, "nodes"));
    std::vector<Node> out;
    if (nodes == nullptr)
        return out;
    if (nodes->size() > bounds.nodes)
        return Error(Errc::corrupt, "a tree has more nodes than its bound");
    out.reserve(nodes->size());
    for (auto const& node : *nodes) {
        auto decoded = TRY(decode_node(node));
        out.push_back(std::move(decoded));
    }
    return out;
}

} // namespace tocsin::vault
