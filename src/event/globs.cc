// SPDX-License-Identifier: Apache-2.0
#include "tocsin/event/globs.h"

#include <algorithm>
#include <fnmatch.h>

namespace tocsin::event {

bool matches_any(std::vector<std::string> const& globs, std::string const& path)
{
    auto name = path.substr(path.rfind('/') + 1);
    return std::ranges::any_of(globs, [&](auto const& glob) {
        bool whole_path = glob.find('/') != std::string::npos;
        if (::fnmatch(glob.c_str(), whole_path ? path.c_str() : name.c_str(), 0) == 0)
            return true;
        return whole_path && ::fnmatch((glob + "/*").c_str(), path.c_str(), 0) == 0;
    });
}

} // namespace tocsin::event
