// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/at_work.h"

#include <csignal>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/test.h"
#include "tocsin/respond/testing/process_tree.h"

namespace tocsin::respond {
namespace {

// As /proc/PID/status has it.
std::string status_of(std::string const& state, std::string const& own, std::string const& shared)
{
    return "Name:\trm\nUmask:\t0022\nState:\t" + state + "\nTgid:\t812\nSigQ:\t0/32768\nSigPnd:\t" + own
        + "\nShdPnd:\t" + shared + "\nSigBlk:\t0000000000000000\n";
}

std::string const none = "0000000000000000";
std::string const stop = "0000000000040000";
std::string const kill = "0000000000000100";

TEST(AtWork, IsWhoRunsOrWaitsInTheKernel)
{
    EXPECT_TRUE(is_at_work(status_of("R (running)", none, none)));
    EXPECT_TRUE(is_at_work(status_of("D (disk sleep)", none, none)));
    EXPECT_TRUE(is_at_work(status_of("S (sleeping)", none, "0000000000004000"))) << "SIGTERM may be ignored";
}

TEST(AtWork, IsNotWhoIsStoppedOrHasEnded)
{
    EXPECT_FALSE(is_at_work(status_of("T (stopped)", none, none)));
    EXPECT_FALSE(is_at_work(status_of("t (tracing stop)", none, none)));
    EXPECT_FALSE(is_at_work(status_of("Z (zombie)", none, none)));
    EXPECT_FALSE(is_at_work("no such text"));
}

TEST(AtWork, IsNotWhoIsToBeStoppedOrKilledOnItsReturnFromTheKernel)
{
    EXPECT_FALSE(is_at_work(status_of("D (disk sleep)", none, stop)));
    EXPECT_FALSE(is_at_work(status_of("R (running)", stop, none)));
    EXPECT_FALSE(is_at_work(status_of("R (running)", none, kill)));
}

TEST(AtWork, IsAProcessThatWasStoppedOnlyOnceItIsContinued)
{
    auto const proc = proc::ProcDir::open().take();
    ProcessTree tree(ProcessTree::work);
    EXPECT_TRUE(is_at_work(proc, tree.top()));
    ASSERT_EQ(0, ::kill(tree.pid(), SIGSTOP));
    EXPECT_FALSE(is_at_work(proc, tree.top())) << "from the signal on, whether it has taken hold or not";
    ASSERT_EQ(0, ::kill(tree.pid(), SIGCONT));
    EXPECT_TRUE(is_at_work(proc, tree.top()));
}

TEST(AtWork, IsAProcessWhoseFirstThreadHasEndedAndAnotherGoesOn)
{
    auto const pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_t other{};
        ::pthread_create(&other, nullptr, [](void*) -> void* { return ::pause(), nullptr; }, nullptr);
        ::syscall(SYS_exit, 0); // of this thread alone
    }
    auto const proc = proc::ProcDir::open().take();
    while (proc.thread_stat(pid, pid).take().state != 'Z')
        ::usleep(1'000);
    event::ProcessKey const process{pid, proc.thread_stat(pid, pid).take().start_ticks};
    EXPECT_TRUE(is_at_work(proc, process));
    ASSERT_EQ(0, ::kill(pid, SIGSTOP));
    EXPECT_FALSE(is_at_work(proc, process));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

} // namespace
} // namespace tocsin::respond
