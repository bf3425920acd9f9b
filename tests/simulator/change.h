// SPDX-License-Identifier: Apache-2.0
// simulator/change.h -- what is done to each file, and what does it: plain values.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "simulator/budget.h"
#include "simulator/keystream.h"
#include "simulator/mapping.h"
#include "simulator/pattern.h"
#include "simulator/ring.h"
#include "simulator/sandbox.h"

namespace tocsin::simulator {

enum class How {
    in_place, // read, write at the same place
    mmap_none, // shared mapping, descriptor closed before the first store; no msync,
    mmap_async, // one that does not wait,
    mmap_sync, // or one that does
    io_uring, // by a ring: see RingDoes
    direct, // O_DIRECT
    truncate_regrow, // to nothing, and to its size again: a hole
    new_and_unlink, // changed copy with another name, the original deleted
    temp_and_rename, // changed copy renamed over the original
    exchange, // changed copy exchanged with the original, which is then deleted
    clone_zeros, // FICLONE of a file of zeros (XFS, btrfs)
    copy_zeros, // copy_file_range from a file of zeros
    punch, // holes over the data
};

// Whether a changed file is opened for reading, by another descriptor, before it is closed or unmapped.
enum class LookAgain { no, yes };
enum class LetGo { at_once, at_end }; // of what in_place opens and the mmap_ ways map: no close until the end
enum class RingDoes { write, truncate, unlink, rename };
enum class Deletion { at_once, at_end }; // of new_and_unlink's originals
enum class TempIn { folder, root }; // where temp_and_rename makes the copy

struct Change {
    How how = How::in_place;
    Pattern pattern;
    Transform transform = Transform::stream;
    Deletion deletion = Deletion::at_once;
    TempIn temp_in = TempIn::folder;
    LetGo let_go = LetGo::at_once;
    LookAgain look_again = LookAgain::no;
    RingDoes ring_does = RingDoes::write;
};

// What a changed file is called afterwards, where it gets another name.
inline constexpr char const* new_ending = ".locked";

// What one thread or process works with. Borrows all but the ring, which only How::io_uring has, and what it
// has not let go.
struct Worker {
    Sandbox const& sandbox;
    Budget& budget;
    Change const& change;
    std::optional<Ring> ring;
    std::vector<std::variant<UniqueFd, Mapping>> kept;
};

// Changes one file. The path is one of the manifest.
Result<void> change_file(Worker& worker, std::string const& path);

} // namespace tocsin::simulator
