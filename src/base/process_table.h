// SPDX-License-Identifier: Apache-2.0
// base/process_table.h -- all processes there are just now, and which of them still run.
//
// Threads: one owner.
// Errors: of a look when nothing can be read; a process that ends meanwhile is left out.
#pragma once

#include <memory>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/proc.h"

namespace tocsin::proc {

// Of all threads of a process that have not ended.
enum class Rest { stopped, in_kernel, running };

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    std::uint64_t start_ticks = 0; // since boot
    bool is_kernel_thread = false;
    Rest rest = Rest::running;
};

class ProcessTable {
public:
    virtual ~ProcessTable() = default;

    // All but those that have ended; in no order. Not a picture of one moment.
    virtual Result<std::vector<Process>> look() = 0;
};

// By /proc: some 20 µs a process, and as much for each thread of those that have several.
std::unique_ptr<ProcessTable> process_table_of(ProcDir dir);

} // namespace tocsin::proc
