// SPDX-License-Identifier: Apache-2.0
// guard/threads.h -- names and precedence of the guard's threads.
#pragma once

namespace tocsin::guard {

// Who goes first when all processors are busy. The gate: others wait for it. The decider: every
// microsecond it waits, a destroyer works. Who only keeps a processor from programs goes after all of
// the guard's threads. Priorities of SCHED_FIFO.
enum class Precedence { occupier = 1, decider = 10, gate = 20 };

// Of the calling thread, by SCHED_FIFO. False where the system does not permit it: then
// everything works, and stops come later under load.
bool take_precedence(char const* name, Precedence precedence);
bool set_precedence(Precedence precedence); // the name stays

} // namespace tocsin::guard
