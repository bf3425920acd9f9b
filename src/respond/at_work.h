// SPDX-License-Identifier: Apache-2.0
// respond/at_work.h -- whether a process that was stopped has been continued.
//
// What it did before it was stopped may be heard of later, and a stop takes hold only when the process comes out of
// the kernel: neither means that it goes on. Who continues a process takes back the stops that wait for it.
// Threads: any. Bounds: reads one file of /proc, about 15 µs; where the first thread has ended,
// those of up to 16 others.
#pragma once

#include <string_view>

#include "tocsin/base/proc.h"
#include "tocsin/event/process.h"

namespace tocsin::respond {

// Neither stopped, nor to be stopped or ended by a signal that waits for it; by the text of /proc/PID/status of one
// of its threads. No for what is no such text.
bool is_at_work(std::string_view status);
// No for who has ended. Its number may mean another process by now: who signals it looks at that.
bool is_at_work(proc::ProcDir const& proc, event::ProcessKey process);

} // namespace tocsin::respond
