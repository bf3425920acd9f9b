// SPDX-License-Identifier: Apache-2.0
// event/globs.h -- what of a tree is left out: the globs of `--exclude`.
#pragma once

#include <string>
#include <vector>

namespace tocsin::event {

// fnmatch(3) without FNM_PATHNAME: `*` also matches `/`; a glob without '/' is matched against the last name of `path`,
// which is absolute. Everything below a directory that is left out is left out.
bool matches_any(std::vector<std::string> const& globs, std::string const& path);

} // namespace tocsin::event
