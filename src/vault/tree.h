// SPDX-License-Identifier: Apache-2.0
// vault/tree.h -- the blob that describes a directory, as restic writes it.
//
// The encoding is byte for byte restic's (current versions), so that the same directory has the
// same id whoever wrote it: field order, omitted zero values, escapes, the newline at the end.
// Times are written in UTC; restic writes them in the zone of its process.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/vault/blob.h"

namespace tocsin::vault {

enum class NodeType : std::uint8_t { file, dir, symlink, dev, chardev, fifo, socket, irregular };

std::string_view to_string(NodeType type);
NodeType node_type_of(mode_t mode); // from st_mode's type bits

struct ExtendedAttribute {
    std::string name;
    Bytes value;
    bool operator==(ExtendedAttribute const&) const = default;
};

struct Node {
    std::string name; // raw bytes: one component, no '/'
    NodeType type = NodeType::file;
    mode_t mode = 0; // st_mode; the type bits are made to fit `type`
    WallTime mtime;
    WallTime atime;
    WallTime ctime;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string user;
    std::string group;
    std::uint64_t inode = 0;
    std::uint64_t device_id = 0; // st_dev; current restic sets it only for hard links
    std::uint64_t size = 0;
    std::uint64_t links = 0;
    std::string linktarget; // raw bytes
    std::vector<ExtendedAttribute> extended_attributes;
    std::uint64_t device = 0; // st_rdev
    std::vector<BlobId> content; // of a file: its chunks in order
    std::optional<BlobId> subtree; // of a directory
    std::string error;

    bool operator==(Node const&) const = default;
};

// In any order; they are written sorted by name. `invalid` when two have the same name, or one
// has a name that is no single component.
Result<Bytes> encode_tree(std::span<Node const> nodes);

struct TreeBounds {
    std::size_t bytes = 512 * 1024 * 1024;
    std::size_t nodes = 4'000'000;
};

// Refuses (`corrupt`) names that could lead out of the directory: "..", "a/b". Fields of other
// systems (generic_attributes) are dropped.
Result<std::vector<Node>> decode_tree(ByteView blob, TreeBounds const& bounds);

} // namespace tocsin::vault
