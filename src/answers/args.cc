// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/args.h"

namespace tocsin::answers {

namespace {

constexpr std::size_t max_texts = 10'000;
constexpr std::size_t max_text_bytes = 64 * 1024;

Error wrong(std::string_view key, std::string_view what)
{
    return Error(Errc::invalid, "'" + std::string(key) + "' " + std::string(what));
}

// Null where it is absent or null.
json::value const* find(json::object const& args, std::string_view key)
{
    auto const* value = args.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> text_of(json::value const& value, std::string_view key)
{
    auto bytes = bytes_of(value);
    if (!bytes.ok())
        return wrong(key, "is no text");
    auto text = bytes.take();
    if (text.size() > max_text_bytes)
        return wrong(key, "is too long");
    return text;
}

Result<std::string> path_of(json::value const& value, std::string_view key)
{
    auto path = TRY(text_of(value, key));
    if (path.empty() || path[0] != '/' || path.contains('\0'))
        return wrong(key, "is no absolute path");
    return path;
}

} // namespace

Result<std::string> path_arg(json::object const& args, std::string_view key)
{
    auto const* value = find(args, key);
    if (value == nullptr)
        return wrong(key, "is missing");
    return path_of(*value, key);
}

Result<std::vector<std::string>> paths_arg(json::object const& args, std::string_view key)
{
    auto const* value = find(args, key);
    if (value == nullptr || !value->is_array() || value->get_array().empty())
        return wrong(key, "is missing");
    if (value->get_array().size() > max_texts)
        return wrong(key, "names too many paths");
    std::vector<std::string> paths;
    for (auto const& item : value->get_array()) {
        auto path = TRY(path_of(item, key));
        paths.push_back(std::move(path));
    }
    return paths;
}

Result<std::optional<std::string>> optional_path_arg(json::object const& args, std::string_view key)
{
    if (find(args, key) == nullptr)
        return std::optional<std::string>();
    auto path = TRY(path_arg(args, key));
    return std::optional(std::move(path));
}

Result<std::optional<std::string>> optional_text_arg(json::object const& args, std::string_view key)
{
    auto const* value = find(args, key);
    if (value == nullptr)
        return std::optional<std::string>();
    auto text = TRY(text_of(*value, key));
    return std::optional(std::move(text));
}

Result<std::vector<std::string>> texts_arg(json::object const& args, std::string_view key)
{
    std::vector<std::string> texts;
    auto const* value = find(args, key);
    if (value == nullptr)
        return texts;
    if (!value->is_array() || value->get_array().size() > max_texts)
        return wrong(key, "is no list of texts");
    for (auto const& item : value->get_array()) {
        auto text = TRY(text_of(item, key));
        texts.push_back(std::move(text));
    }
    return texts;
}

Result<std::optional<std::int64_t>> optional_number_arg(json::object const& args, std::string_view key)
{
    auto const* value = find(args, key);
    if (value == nullptr)
        return std::optional<std::int64_t>();
    boost::system::error_code code;
    auto number = value->is_number() ? value->to_number<std::int64_t>(code) : 0;
    if (!value->is_number() || code)
        return wrong(key, "is no whole number");
    return std::optional(number);
}

Result<bool> flag_arg(json::object const& args, std::string_view key)
{
    auto const* value = find(args, key);
    if (value == nullptr)
        return false;
    if (!value->is_bool())
        return wrong(key, "is neither true nor false");
    return value->get_bool();
}

Result<event::IncidentId> incident_arg(json::object const& args)
{
    auto id = TRY(optional_number_arg(args, "id"));
    if (!id || *id < 1)
        return wrong("id", "is no incident's number");
    return event::IncidentId{*id};
}

} // namespace tocsin::answers
