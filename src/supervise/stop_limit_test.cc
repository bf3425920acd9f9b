// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/stop_limit.h"

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/clock.h"
#include "tocsin/base/test.h"

namespace tocsin::supervise {
namespace {

using namespace std::chrono_literals;

// What becomes of a process with this limit, as waitpid(2) tells it; -1 where nothing has within 5 s.
int end_of(std::chrono::milliseconds limit, std::function<void()> const& deed)
{
    auto const pid = ::fork();
    if (pid == 0) {
        auto const limited = StopLimit::create(limit);
        deed();
        ::_exit(limited.ok() ? 0 : 1);
    }
    int status = -1;
    for (auto const until = steady_now() + 5s; ::waitpid(pid, &status, WNOHANG) == 0; ::usleep(1'000))
        if (steady_now() > until) {
            (void)::kill(pid, SIGKILL);
            (void)::waitpid(pid, nullptr, 0);
            return -1;
        }
    return status;
}

TEST(StopLimitTest, EndsAProcessThatIsStopped)
{
    auto const status = end_of(100ms, [] { (void)::raise(SIGSTOP); });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(StopLimitTest, LeavesAProcessThatGoesOn)
{
    EXPECT_EQ(0, end_of(200ms, [] { (void)::usleep(500'000); }));
}

TEST(StopLimitTest, IsOverWithItsOwner)
{
    EXPECT_EQ(0, end_of(10s, [] {
        (void)StopLimit::create(50ms);
        (void)::usleep(150'000);
    }));
}

} // namespace
} // namespace tocsin::supervise
