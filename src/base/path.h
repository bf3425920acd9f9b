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

// The way from `tree` to `path`, which lies in it; empty for the tree itself.
inline std::string_view way_below(std::string_view path, std::string_view tree)
{
    auto const skipped = tree == "/" ? 1 : tree.size() + 1;
    return path.size() > skipped ? path.substr(skipped) : std::string_view();
}

} // namespace tocsin
