// SPDX-License-Identifier: Apache-2.0
// guard/executables.h -- which programs an incident's actor ran, by their SHA-256.
//
// Of a process that still exists it is the file that the kernel executed, whatever its name shows by now; of one
// that has ended the file of that name, unless it was changed since the process began.
// A file that another process or host serves (FUSE, NFS, SMB) is not read: who serves it may have been stopped.
// Threads: one of its own, which reads the files; note() from any, and never waits.
// Bounds: 64 programs of an incident; 256 incidents wait, what comes then is not hashed; files up to 256 MiB; the
// digests of 1,024 files are remembered, by device, inode, size and time of change.
// Errors: told in the record.
#pragma once

#include <functional>
#include <map>
#include <thread>
#include <tuple>
#include <vector>

#include "tocsin/base/mailbox.h"
#include "tocsin/base/unique_fd.h"
#include "tocsin/event/evidence.h"

namespace tocsin::guard {

struct Ran {
    event::ProcessKey process;
    std::string path;
};

class Executables {
public:
    using Sink = std::function<void(event::Executable)>; // from the thread
    explicit Executables(Sink sink);
    ~Executables(); // what waits is not hashed any more

    // Each path once.
    void note(event::IncidentId id, std::vector<Ran> programs);

private:
    struct Task {
        event::IncidentId id;
        std::vector<Ran> programs;
    };
    using Content = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t>;

    void run();
    Result<Sha256> digest_of(Ran const& ran);
    Result<Sha256> digest_of(UniqueFd const& file, struct statx const& status);

    Sink sink_;
    Mailbox<Task> box_;
    std::map<Content, Sha256> known_; // the thread's
    std::jthread thread_; // last: it uses all of them
};

constexpr std::size_t programs_of_an_incident = 64;

} // namespace tocsin::guard
