// SPDX-License-Identifier: Apache-2.0
// cli/drill/command.h -- other programs: run to their end, or kept as a child that ends with us.
//
// Threads: one. A child started in namespaces of its own is the first process of a PID namespace:
// when it ends, or this process does, the kernel kills everything that came from it.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::cli {

// Runs it with no input; `failed` with the last line of what it said when its status is not 0.
Result<void> run_command(std::vector<std::string> const& words);

// Whether a program of this name is on the PATH.
bool has_program(std::string const& name);

// Turns SIGINT, SIGTERM and SIGHUP into an error of the waits below, so that everything is taken
// down in order. Restores the signal mask at its end.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(Interrupts const&) = delete;
    Interrupts& operator=(Interrupts const&) = delete;

    // `again` with the signal's name once one has come.
    Result<void> check();

    // What a child has to do before exec.
    void restore_in_child() const;

private:
    sigset_t before_;
    sigset_t watched_;
    int arrived_ = 0;
};

enum class Namespaces { shared, own }; // own: of processes and of mounts

struct Start {
    std::vector<std::string> words;
    Namespaces namespaces = Namespaces::shared;
    int output_fd = -1; // of both streams
    // Runs between fork and exec, in the child; an errno, or 0 to go on.
    int (*prepare)(void* data) = nullptr;
    void* data = nullptr;
};

// One running program. Destruction kills and reaps it.
class Child {
public:
    static Result<Child> start(Start start, Interrupts const& interrupts);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child() { kill(); }

    bool ended(); // reaps it once it has
    void signal(int number) const; // nothing once it was reaped
    void kill();

private:
    explicit Child(pid_t pid) : pid_(pid) { }

    pid_t pid_ = 0; // 0: reaped, or moved away
};

} // namespace tocsin::cli
