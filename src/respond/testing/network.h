// SPDX-License-Identifier: Apache-2.0
// respond/testing/network.h -- a network of a test's own, with a process in it that ends with the test.
#pragma once

#include <array>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/process.h"
#include "tocsin/respond/network.h"

namespace tocsin::respond {

class OwnNetwork {
public:
    // `program`: what the process in it is; empty: nothing but a sleeper.
    explicit OwnNetwork(std::string const& program)
    {
        std::array<int, 2> ready{};
        if (::geteuid() != 0 || ::access("/usr/sbin/nft", X_OK) != 0 || ::pipe2(ready.data(), O_CLOEXEC) != 0)
            return;
        UniqueFd const told(ready[0]);
        UniqueFd tells(ready[1]);
        holder_ = ::fork();
        if (holder_ == 0)
            hold(tells.get(), program.c_str());
        tells.reset();
        char is_there = 'n';
        if (::read(told.get(), &is_there, 1) != 1 || is_there != 'y')
            return;
        while (!program.empty() && ::read(told.get(), &is_there, 1) != 0) { } // the exec closes it
        auto network = sys::open("/proc/" + std::to_string(holder_) + "/ns/net", O_RDONLY);
        network_ = network.ok() ? network.take() : UniqueFd();
        auto status = sys::stat_fd(network_.get());
        number_ = status.ok() ? status.take().stx_ino : 0;
    }
    ~OwnNetwork() { end(); }
    OwnNetwork(OwnNetwork const&) = delete;
    OwnNetwork& operator=(OwnNetwork const&) = delete;

    bool is_made() const { return number_ != 0; } // it needs root and nft
    std::uint64_t number() const { return number_; }
    event::ProcessKey process() const
    {
        auto stat = proc::ProcDir::open().take().stat(holder_);
        return {holder_, stat.ok() ? stat.take().start_ticks : 0};
    }
    void end()
    {
        if (holder_ <= 0)
            return;
        ::kill(holder_, SIGKILL);
        ::waitpid(holder_, nullptr, 0);
        holder_ = 0;
    }
    Ended run(std::vector<std::string> words, std::string_view input) const
    {
        return run_in_network(network_.get(), std::move(words), input).take();
    }
    std::string ruleset() const { return run({"/usr/sbin/nft", "list", "ruleset"}, {}).said; }

private:
    [[noreturn]] static void hold(int tells, char const* program)
    {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        char const is_there = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        (void)!::write(tells, &is_there, 1);
        if (*program != 0)
            ::execl(program, program, "60", nullptr);
        ::pause();
        ::_exit(0);
    }

    pid_t holder_ = 0;
    UniqueFd network_; // stays when its process has ended
    std::uint64_t number_ = 0;
};

} // namespace tocsin::respond
