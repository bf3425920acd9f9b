// SPDX-License-Identifier: Apache-2.0
// cli/drill/manifest.h -- everything about a tree that must be the same afterwards.
//
// Content (SHA-256), kind, mode, owner, modification time, extended attributes, link targets and
// hard links. Errors: what cannot be read is an error, never left out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tocsin/base/digest.h"
#include "tocsin/event/metadata.h"

namespace tocsin::cli {

struct ManifestEntry {
    event::ObjectKind kind = event::ObjectKind::other;
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t links = 0; // of regular files
    std::uint64_t size = 0; // of regular files
    std::int64_t mtime_ns = 0;
    sys::Xattrs xattrs;
    std::string link_target;
    Sha256 digest; // of regular files

    bool operator==(ManifestEntry const&) const = default;
};

using Manifest = std::map<std::string, ManifestEntry>; // by path below the tree; the tree is ""

Result<Manifest> take_manifest(std::string const& tree);
std::uint64_t count_files(Manifest const& manifest);

struct Difference {
    std::string path;
    std::string what; // "is gone", "has other content", "was not there before" and so on
};

struct Comparison {
    std::uint64_t files_changed = 0; // regular files of `before` that are gone or differ
    std::uint64_t files_lost = 0; // those of them whose content is not there
    std::uint64_t bytes_lost = 0; // their sizes
    std::vector<Difference> differences; // all objects, the first hundred
    bool identical() const { return differences.empty(); }
};

Comparison compare(Manifest const& before, Manifest const& after);

} // namespace tocsin::cli
