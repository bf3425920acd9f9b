// SPDX-License-Identifier: Apache-2.0
// cli/drill/sample.h -- the files a drill works on: a copy of a folder, or real files of this host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::cli {

struct Sample {
    std::string copied_folder; // empty: `files` instead
    std::vector<std::string> files; // absolute
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

// All of a folder on its own file system. `invalid` for what is none.
Result<Sample> sample_of_folder(std::string const& folder);

// Documents, source code, pictures and libraries that this host has installed: at most 2,000
// files, 200 MB and 4 MB a file.
Result<Sample> sample_of_host();

// Into `folder`, which is there and empty. Of a folder everything is kept, of single files their
// rights and times.
Result<void> copy_sample(Sample const& sample, std::string const& folder);

} // namespace tocsin::cli
