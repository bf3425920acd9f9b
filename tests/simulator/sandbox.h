// SPDX-License-Identifier: Apache-2.0
// simulator/sandbox.h -- the only way from the simulator to files: below one marked directory.
//
// Every path is resolved by openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV from
// the directory's descriptor: nothing outside it, behind a link or on another file system can be reached.
// Calls without such flags (unlink, rename) are given a parent's descriptor from here and one bare name.
// Threads: const functions from any thread.
#pragma once

#include <cstdint>
#include <linux/openat2.h>
#include <string>
#include <sys/types.h>

#include "tocsin/base/result.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::simulator {

// Whoever made the directory for a run writes the run's random token into this file of it.
inline constexpr char const* marker_name = ".tocsin-simulation";
inline constexpr std::size_t least_token_bytes = 32;

inline constexpr std::uint64_t resolve_flags = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

// A name in a folder: what unlinkat and renameat take.
struct Place {
    UniqueFd folder;
    std::string name;
};

class Sandbox {
public:
    // `denied` where the marker is missing, is no regular file or holds another token.
    static Result<Sandbox> enter(std::string const& directory, std::string const& token);

    int root() const { return root_.get(); }
    std::string const& token() const { return token_; }

    Result<UniqueFd> open(std::string const& path, int flags) const;
    Result<UniqueFd> open_file(std::string const& path, int flags) const; // `denied` if not a regular file
    Result<UniqueFd> create(std::string const& path, int flags, mode_t mode) const; // `exists` if it is there
    Result<Place> place_of(std::string const& path) const; // `denied` for the marker

private:
    Sandbox(UniqueFd root, std::string token) : root_(std::move(root)), token_(std::move(token)) { }

    UniqueFd root_;
    std::string token_;
};

// "folder/name" -> "folder" ("." at the root), and "name".
std::string folder_of(std::string const& path);
std::string name_of(std::string const& path);

} // namespace tocsin::simulator
