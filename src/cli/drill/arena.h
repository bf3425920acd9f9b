// SPDX-License-Identifier: Apache-2.0
// cli/drill/arena.h -- a file system of the drill's own, set back to the same state each time.
//
//   WORK/tocsin-drill-XXXXXX/  lock       held while the drill lives
//                              base.img   the tree as it was filled, never mounted again
//                              disk.img   a copy of it, mounted at mount/
//                              mount/files  the tree
//                              state/     of the drill's guard, on the host's file system
//                              scratch/   see destroyers.h
// Destruction unmounts and removes all of it. What a killed drill left is removed by the next.
// Errors: `full` when the host's file system has no room for it.
#pragma once

#include <string>

#include "tocsin/base/unique_fd.h"
#include "tocsin/cli/drill/destroyers.h"
#include "tocsin/cli/drill/manifest.h"
#include "tocsin/cli/drill/sample.h"

namespace tocsin::cli {

class Arena {
public:
    // Below `work`, for instance /var/tmp. Fills it with the sample.
    static Result<Arena> make(std::string const& work, Sample const& sample);
    Arena(Arena&&) noexcept;
    Arena& operator=(Arena&&) = delete;
    ~Arena();

    // A fresh disk, mounted, and no state. Unmounts the one before.
    Result<void> reset();
    Result<void> unmount();

    std::string tree() const { return dir_ + "/mount/files"; }
    std::string state() const { return dir_ + "/state"; }
    std::string log() const { return dir_ + "/log"; }
    Cage cage() const { return {dir_ + "/mount", tree(), dir_ + "/scratch"}; }
    Manifest const& before() const { return before_; }

private:
    Arena(std::string dir, UniqueFd lock) : dir_(std::move(dir)), lock_(std::move(lock)) { }
    Result<void> fill(Sample const& sample);
    Result<void> mount(std::string const& image);

    std::string dir_; // empty: moved away
    UniqueFd lock_;
    Manifest before_;
};

// Of drills that were killed: those below `work` whose lock nobody holds.
void remove_leftovers(std::string const& work);

} // namespace tocsin::cli
