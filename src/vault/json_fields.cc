// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

Error wrong(std::string_view name, std::string_view why)
{
    return Error(Errc::corrupt, "field '" + std::string(name) + "' " + std::string(why));
}

json::value const* find(json::object const& object, std::string_view name)
{
    auto const* value = object.if_contains({name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::uint64_t> as_number(json::value const& value, std::string_view name)
{
    if (value.is_uint64())
        return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0)
        return static_cast<std::uint64_t>(value.get_int64());
    return wrong(name, "is no whole number");
}

} // namespace

Result<json::object const*> object_of(json::value const& value, std::string_view what)
{
    if (!value.is_object())
        return Error(Errc::corrupt, std::string(what) + " is no JSON object");
    return &value.get_object();
}

Result<std::string_view> text_of(json::value const& value, std::string_view what)
{
    if (!value.is_string())
        return wrong(what, "is no text");
    auto const& text = value.get_string();
    return std::string_view(text.data(), text.size());
}

Result<Sha256> id_of(json::value const& value, std::string_view what)
{
    auto const text = TRY(text_of(value, what));
    auto id = Sha256::from_hex(text);
    if (!id.ok())
        return wrong(what, "is no id");
    return id;
}

Result<std::string_view> text_field(json::object const& object, std::string_view name)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return wrong(name, "is missing");
    return text_of(*value, name);
}

Result<std::uint64_t> number_field(json::object const& object, std::string_view name)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return wrong(name, "is missing");
    return as_number(*value, name);
}

Result<Sha256> id_field(json::object const& object, std::string_view name)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return wrong(name, "is missing");
    return id_of(*value, name);
}

Result<std::string_view> text_field_or(
    json::object const& object, std::string_view name, std::string_view otherwise)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return otherwise;
    return text_of(*value, name);
}

Result<std::uint64_t> number_field_or(
    json::object const& object, std::string_view name, std::uint64_t otherwise)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return otherwise;
    return as_number(*value, name);
}

Result<json::array const*> array_field_or_null(json::object const& object, std::string_view name)
{
    auto const* value = find(object, name);
    if (value == nullptr)
        return static_cast<json::array const*>(nullptr);
    if (!value->is_array())
        return wrong(name, "is no list");
    return &value->get_array();
}

} // namespace tocsin::vault
