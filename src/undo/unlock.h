// SPDX-License-Identifier: Apache-2.0
// undo/unlock.h -- a call that immutable and append-only flags may forbid, and once more without.
//
// An actor may have set them to keep its work. Where they are wanted, they come back with the
// rest of the metadata.
#pragma once

#include <cerrno>
#include <linux/stat.h>
#include <string>

#include "tocsin/base/result.h"
#include "tocsin/undo/fresh.h"

namespace tocsin::undo {

constexpr unsigned unlock_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;

// `call` works on `name` in `dir_fd`. On a refusal, both are unlocked and it is called again.
template <typename Call>
Result<void> unlocked(int dir_fd, std::string const& name, Call call)
{
    Result<void> first = call();
    if (first.ok() || first.error().errno_value() != EPERM)
        return first;
    bool any = false;
    for (auto const& locked : {name, std::string(".")}) {
        auto stat = sys::stat_at(dir_fd, locked, AT_SYMLINK_NOFOLLOW);
        if (stat.ok() && (stat.take().stx_attributes & unlock_mask) != 0)
            any = put_flags(dir_fd, locked, 0).ok() || any;
    }
    return any ? call() : std::move(first);
}

} // namespace tocsin::undo
