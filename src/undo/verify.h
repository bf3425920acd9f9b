// SPDX-License-Identifier: Apache-2.0
// undo/verify.h -- whether what stands somewhere is what a version says.
//
// Threads: pure reading; any.
#pragma once

#include "tocsin/event/version.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {

enum class Sameness {
    same,
    other_metadata, // the content is right: rights, owner, attributes or times are not
    other_content,
};

// Content by SHA-256 (read again whole), metadata but for access and change times.
// Of a directory only metadata. `found` is what `name` leads to.
Result<Sameness> compare(int dir_fd, std::string const& name, Found const& found, event::Version const& goal);

// The same, but content is taken as right only by its digest if size and modification time
// agree, else as other without reading.
Result<Sameness> compare_quickly(
    int dir_fd, std::string const& name, Found const& found, event::Version const& goal);

} // namespace tocsin::undo
