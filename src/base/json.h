// SPDX-License-Identifier: Apache-2.0
// base/json.h -- JSON values (Boost.JSON), parsed within bounds.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "tocsin/base/result.h"

namespace tocsin {

namespace json = boost::json;

// Bounds: 32 levels deep. Anything that is not one whole JSON value is `corrupt`.
Result<json::value> parse_json(std::string_view text);

std::string to_text(json::value const& value);

} // namespace tocsin
