// SPDX-License-Identifier: Apache-2.0
// base/path.h -- what can be told of paths by their names alone. All absolute and resolved.
#pragma once

#include <string_view>

namespace tocsin {

// Whether `path` is `tree` or lies in it.
inline bool lies_in(std::string_view path, std::string_view tree)
{
    if (tree == "/")
        return true;
    return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
}

} // namespace tocsin
