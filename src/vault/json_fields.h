// SPDX-License-Identifier: Apache-2.0
// vault/json_fields.h -- typed fields of the JSON that a repository holds.
//
// Errors: `corrupt`, naming the field. The `_or` forms take an absent or null field as given.
#pragma once

#include "tocsin/base/digest.h"
#include "tocsin/base/json.h"

namespace tocsin::vault {

Result<json::object const*> object_of(json::value const& value, std::string_view what);

Result<std::string_view> text_field(json::object const& object, std::string_view name);
Result<std::uint64_t> number_field(json::object const& object, std::string_view name);
Result<Sha256> id_field(json::object const& object, std::string_view name);

Result<std::string_view> text_field_or(
    json::object const& object, std::string_view name, std::string_view otherwise);
Result<std::uint64_t> number_field_or(
    json::object const& object, std::string_view name, std::uint64_t otherwise);
// Null where the field is absent or null.
Result<json::array const*> array_field_or_null(json::object const& object, std::string_view name);

Result<std::string_view> text_of(json::value const& value, std::string_view what);
Result<Sha256> id_of(json::value const& value, std::string_view what);

} // namespace tocsin::vault
