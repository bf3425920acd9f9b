// SPDX-License-Identifier: Apache-2.0
// answers/place.h -- whether a directory can be guarded, asked before anything is changed.
//
// Errors: one sentence that names the folder and what is wrong with it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::answers {

// What lies where already. All absolute and resolved.
struct Surroundings {
    std::string state_dir;
    std::string repository;
    std::vector<std::string> guarded;
    std::vector<std::string> remembered = {}; // while no guard runs: what the next one goes on with
};

// A path that people gave, absolute, without links. `not_found` says in words that it is not there.
Result<std::string> resolve(std::string const& path);

// The folders, absolute and resolved, each once. All of them are good, or an error is told.
Result<std::vector<std::string>> check_places(std::span<std::string const> paths, Surroundings const& around);

// A tree neither holds nor lies in what the guard writes (it would guard itself), nor in another tree.
// `path` absolute and resolved. Errors: `invalid`, `exists`.
Result<void> check_apart(std::string const& path, Surroundings const& around);

// Whether the directory behind `fd` is on a file system that can be guarded: `unsupported` when not.
Result<void> check_filesystem(int fd, std::string const& path);

// A file system by statfs(2)'s magic number: "tmpfs", or the number in hexadecimal.
std::string filesystem_name(long magic);
// Those on which the guard's events were proven.
bool can_be_guarded(long magic);

} // namespace tocsin::answers
