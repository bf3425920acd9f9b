// SPDX-License-Identifier: Apache-2.0
// cli/guard/configuration.h -- what a guard is started with, as a file in TOML says it.
//
// Format: docs/formats/configuration.md. A key that is none, a value of another kind and a table that
// is none are errors: who mistypes `exclude` must not find out by a full disk.
// Bounds: 1 MiB. Errors: `invalid`, "FILE:LINE: what is wrong"; `not_found` and others of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::cli {

struct Configuration {
    std::vector<std::string> paths; // absolute
    std::vector<std::string> excludes;
    std::string repository; // absolute; this and those below: empty where the file does not say
    std::string respond;
    std::string reserve; // as typed: "50G"
    std::vector<std::string> never_cut = {};
    std::vector<std::string> isolation_allow = {}; // of the table [isolation]

    bool operator==(Configuration const&) const = default;
};

Result<Configuration> read_configuration(std::string const& path);
// `path` is for the sentences.
Result<Configuration> parse_configuration(std::string_view text, std::string const& path);

} // namespace tocsin::cli
