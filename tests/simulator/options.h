// SPDX-License-Identifier: Apache-2.0
// simulator/options.h -- all that a run can be told: plain values, and the command line that sets them.
#pragma once

#include <string>

#include "simulator/change.h"
#include "simulator/pace.h"

namespace tocsin::simulator {

enum class Command { manifest, attack };
enum class Order { listing, random };
enum class Rename { never, before, after };
enum class Note { none, root, each_folder, each_file };
// Which processes do the work. Threads are of the one process only.
enum class Split { threads, fork_per_file, double_fork, reader_and_writer };

struct Names {
    Rename rename = Rename::never;
    Note note = Note::none;
};

struct Options {
    Command command = Command::attack;
    std::string directory;
    std::string token;
    Limits limits;
    Order order = Order::listing;
    std::uint64_t seed = 1; // of the order and the jitter
    Speed speed;
    Split split = Split::threads;
    unsigned threads = 1;
    Change change;
    RingOptions ring;
    Names names;
};

// The exit status instead where the words are wrong or only help was asked for.
struct Parsed {
    Options options;
    std::optional<int> exit_status;
};
Parsed parse(int argc, char const* const* argv);

} // namespace tocsin::simulator
