// SPDX-License-Identifier: Apache-2.0
// base/precedence.h -- who goes first when all processors are busy.
#pragma once

#include <pthread.h>

namespace tocsin {

// Priorities of the kernel's real-time policies: SCHED_FIFO, but SCHED_RR for captures, which are
// several and may go on for long. Whoever has none takes turns with all other programs, and the idle one
// (SCHED_IDLE) runs where nobody else wants to.
enum class Precedence {
    idle = -1,
    none = 0,
    occupier = 1, // only keeps a processor from programs: goes after all of the guard's threads
    capture = 5, // of what somebody waits for
    decider = 10, // every microsecond it waits, a destroyer works
    gate = 20, // others wait for it
    deadlines = 30, // the bound holds only for whoever runs before those that keep processors busy
};

// Of the calling thread; not for those that it starts. False where the system does not permit it: then
// everything works, and stops come later under load.
bool set_precedence(Precedence precedence);
bool set_precedence(pthread_t thread, Precedence precedence); // of another thread of this process
// The same, and what the thread is called: 15 bytes at most.
bool take_precedence(char const* name, Precedence precedence);

} // namespace tocsin
