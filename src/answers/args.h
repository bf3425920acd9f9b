// SPDX-License-Identifier: Apache-2.0
// answers/args.h -- what a request brings with it, read strictly: a wrong kind is `invalid`.
//
// Bounds: 10,000 paths, each at most 64 KiB, absolute and without NUL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/answers/protocol.h"
#include "tocsin/event/object.h"

namespace tocsin::answers {

Result<std::string> path_arg(json::object const& args, std::string_view key);
Result<std::vector<std::string>> paths_arg(json::object const& args, std::string_view key); // at least one
Result<std::optional<std::string>> optional_path_arg(json::object const& args, std::string_view key);
Result<std::optional<std::string>> optional_text_arg(json::object const& args, std::string_view key);
Result<std::vector<std::string>> texts_arg(json::object const& args, std::string_view key); // may be absent
Result<std::optional<std::int64_t>> optional_number_arg(json::object const& args, std::string_view key);
Result<bool> flag_arg(json::object const& args, std::string_view key); // absent: false
Result<event::IncidentId> incident_arg(json::object const& args); // "id"

} // namespace tocsin::answers
