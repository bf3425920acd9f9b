// SPDX-License-Identifier: Apache-2.0
// What both tables say of the same processes.
#include "tocsin/sensor/process_table.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tocsin/base/test.h"

namespace tocsin::sensor {
namespace {

enum class Engine { proc, ebpf };

// A child that ends with the test.
class Child {
public:
    explicit Child(void (*body)()) : pid_(::fork())
    {
        if (pid_ != 0)
            return;
        (void)::alarm(30);
        body();
        ::_exit(0);
    }
    ~Child()
    {
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    pid_t pid() const { return pid_; }

private:
    pid_t pid_;
};

class ProcessTables : public testing::TestWithParam<Engine> {
protected:
    void SetUp() override
    {
        if (GetParam() == Engine::proc) {
            table_ = proc::process_table_of(proc::ProcDir::open().take());
            return;
        }
        auto opened = open_ebpf_process_table();
        if (!opened.ok())
            GTEST_SKIP() << opened.error().message();
        table_ = opened.take();
    }

    std::optional<proc::Process> find(pid_t pid)
    {
        for (auto const& process : table_->look().take())
            if (process.pid == pid)
                return process;
        return std::nullopt;
    }
    bool comes_to(pid_t pid, proc::Rest rest)
    {
        for (int i = 0; i < 200; ++i) {
            if (auto now = find(pid); now && now->rest == rest)
                return true;
            (void)::usleep(10'000);
        }
        return false;
    }

    std::unique_ptr<proc::ProcessTable> table_;
};

TEST_P(ProcessTables, KnowAProcessByTheKeyThatProcGives)
{
    auto const own = proc::ProcDir::open().take().stat(::getpid()).take();
    auto const seen = find(::getpid());
    ASSERT_TRUE(seen);
    EXPECT_EQ(own.start_ticks, seen->start_ticks);
    EXPECT_EQ(::getppid(), seen->parent);
    EXPECT_FALSE(seen->is_kernel_thread);
    EXPECT_EQ(proc::Rest::running, seen->rest);
}

TEST_P(ProcessTables, SayWhoIsStoppedAndWhoGoesOn)
{
    Child child([] { ::pause(); });
    ASSERT_TRUE(comes_to(child.pid(), proc::Rest::running)); // it would run if it were woken
    ASSERT_EQ(0, ::kill(child.pid(), SIGSTOP));
    EXPECT_TRUE(comes_to(child.pid(), proc::Rest::stopped));
    ASSERT_EQ(0, ::kill(child.pid(), SIGCONT));
    EXPECT_TRUE(comes_to(child.pid(), proc::Rest::running));
}

// A freezer of cgroup v1 of the test's own; nothing where there is none.
class V1Freezer {
public:
    explicit V1Freezer(pid_t pid)
    {
        is_there_ = ::mkdir(dir_.c_str(), 0755) == 0 && write("cgroup.procs", std::to_string(pid))
            && write("freezer.state", "FROZEN");
    }
    ~V1Freezer()
    {
        if (!is_there_)
            return;
        (void)write("freezer.state", "THAWED");
        std::ofstream("/sys/fs/cgroup/freezer/cgroup.procs") << pid_in() << std::flush;
        (void)::rmdir(dir_.c_str());
    }
    V1Freezer(V1Freezer const&) = delete;
    V1Freezer& operator=(V1Freezer const&) = delete;
    bool is_there() const { return is_there_; }

private:
    bool write(char const* file, std::string const& text) const
    {
        return static_cast<bool>(std::ofstream(dir_ + "/" + file) << text << std::flush);
    }
    std::string pid_in() const
    {
        std::string pid;
        std::ifstream(dir_ + "/cgroup.procs") >> pid;
        return pid;
    }

    std::string const dir_ = "/sys/fs/cgroup/freezer/tocsin-test-" + std::to_string(::getpid());
    bool is_there_ = false;
};

TEST_P(ProcessTables, SayThatWhoIsFrozenComesBackOnlyThroughTheKernel)
{
    Child child([] { ::pause(); });
    ASSERT_TRUE(comes_to(child.pid(), proc::Rest::running));
    V1Freezer const freezer(child.pid());
    if (!freezer.is_there())
        GTEST_SKIP() << "no freezer of cgroup v1";
    EXPECT_TRUE(comes_to(child.pid(), proc::Rest::in_kernel));
}

TEST_P(ProcessTables, CountEachThread)
{
    Child child([] { // its leader ends, another thread goes on
        std::thread([] {
            for (;;)
                ::pause();
        }).detach();
        (void)::usleep(20'000);
        (void)::syscall(SYS_exit, 0); // this thread alone
    });
    (void)::usleep(100'000);
    EXPECT_TRUE(comes_to(child.pid(), proc::Rest::running));
    ASSERT_EQ(0, ::kill(child.pid(), SIGSTOP));
    EXPECT_TRUE(comes_to(child.pid(), proc::Rest::stopped));
}

TEST_P(ProcessTables, LeaveOutWhoHasEnded)
{
    Child child([] { });
    for (int i = 0; i < 200 && find(child.pid()); ++i)
        (void)::usleep(10'000);
    EXPECT_FALSE(find(child.pid())); // a zombie until waitpid
}

TEST_P(ProcessTables, TellKernelThreadsApart)
{
    auto const all = table_->look().take();
    auto const second = std::ranges::find(all, 2, &proc::Process::pid); // kthreadd
    if (second == all.end())
        GTEST_SKIP() << "no kernel thread is seen from here";
    EXPECT_TRUE(second->is_kernel_thread);
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessTables, testing::Values(Engine::proc, Engine::ebpf),
    [](auto const& engine) { return engine.param == Engine::proc ? "proc" : "ebpf"; });

} // namespace
} // namespace tocsin::sensor
