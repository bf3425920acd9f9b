// SPDX-License-Identifier: Apache-2.0
// simulator/manifest.h -- the files of a marked directory with their SHA-256, taken before an attack.
//
// It is also the list an attack works through: what is not in it is not touched, and an attack lists no
// directory by itself. A file with a newline in its name is left out, and so is what is no regular file.
//
// Format: text. The first line is "# tocsin simulation TOKEN"; each further one is as of sha256sum(1).
// Bounds: 64 MiB of text, highest_limits.files lines, folders 64 deep.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/sandbox.h"

namespace tocsin::simulator {

Result<std::string> take_manifest(Sandbox const& sandbox);

// The paths in it. `denied` where it was taken for another run, `corrupt` where it is no manifest.
Result<std::vector<std::string>> paths_in(std::string_view manifest, std::string const& token);

} // namespace tocsin::simulator
