// SPDX-License-Identifier: Apache-2.0
// simulator/handover.h -- one process reads the files, another that it hands the bytes to writes them.
//
// They speak over a socket pair: no process of the two both reads and writes a file.
// Format: a Piece, then its path and its bytes; Piece as it lies in memory, both ends are one program.
#pragma once

#include "simulator/crew.h"

namespace tocsin::simulator {

Result<Tally> read_and_hand_over(Attack const& attack, Pace& pace);

} // namespace tocsin::simulator
