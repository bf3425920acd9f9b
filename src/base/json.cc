// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/json.h"

namespace tocsin {

Result<json::value> parse_json(std::string_view text)
{
    boost::system::error_code code;
    json::parse_options options;
    options.max_depth = 32;
    auto value = json::parse({text.data(), text.size()}, code, {}, options);
    if (code)
        return Error(Errc::corrupt, "not JSON: " + code.message());
    return value;
}

std::string to_text(json::value const& value)
{
    return json::serialize(value);
}

} // namespace tocsin
