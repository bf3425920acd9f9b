// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/fields.h"

#include "tocsin/answers/protocol.h"
#include "tocsin/base/log.h"

namespace tocsin::cli {

namespace {

json::object const no_object;
json::array const no_array;

} // namespace

Fields::Fields(json::value const& value) : object_(value.is_object() ? value.get_object() : no_object) { }

std::string Fields::text(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    return value != nullptr && value->is_string() ? shown_text(*value) : std::string();
}

std::uint64_t Fields::number(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    if (value == nullptr || !value->is_number())
        return 0;
    boost::system::error_code code;
    auto number = value->to_number<std::uint64_t>(code);
    return code ? 0 : number;
}

double Fields::real(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0.0;
}

bool Fields::yes(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

bool Fields::has(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    return value != nullptr && !value->is_null();
}

json::array const& Fields::list(std::string_view key) const
{
    auto const* value = object_.if_contains(key);
    return value != nullptr ? items_of(*value) : no_array;
}

Fields Fields::object(std::string_view key) const
{
    static json::value const nothing;
    auto const* value = object_.if_contains(key);
    return Fields(value != nullptr ? *value : nothing);
}

json::array const& items_of(json::value const& value)
{
    return value.is_array() ? value.get_array() : no_array;
}

std::string comma_list(json::array const& texts, std::string_view none)
{
    std::string out;
    for (auto const& text : texts)
        out += (out.empty() ? "" : ", ") + printable(shown_text(text), 200);
    return texts.empty() ? std::string(none) : out;
}

std::string shown_text(json::value const& value)
{
    if (!value.is_string())
        return value.is_null() ? std::string() : to_text(value);
    auto bytes = answers::bytes_of(value);
    return bytes.ok() ? bytes.take() : std::string(value.get_string());
}

} // namespace tocsin::cli
