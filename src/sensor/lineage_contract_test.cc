// SPDX-License-Identifier: Apache-2.0
// What every engine promises, over real processes. The fake is told by hand what the others see.
#include "tocsin/base/proc.h"
#include "tocsin/base/test.h"
#include "tocsin/sensor/lineage_fake.h"
#include "tocsin/sensor/proc/process_reader.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tocsin::sensor {
namespace {

using Open = Result<std::unique_ptr<LineageSource>> (*)();

Result<std::unique_ptr<LineageSource>> open_fake()
{
    auto fake = TRY(FakeLineage::create());
    return std::unique_ptr<LineageSource>(std::move(fake));
}

struct Engine {
    char const* name;
    Open open;
    bool knows_the_gone; // also the command of a process that is gone when its event is read
    bool is_real;
};

void PrintTo(Engine const& engine, std::ostream* out)
{
    *out << engine.name;
}

// A program that waits on its standard input until the test lets it go.
class Waiting {
public:
    explicit Waiting(std::vector<char const*> command)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            std::abort();
        command.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[0], 0);
            ::execv(command[0], const_cast<char**>(command.data()));
            ::_exit(127);
        }
        (void)::close(ends[0]);
        release_ = UniqueFd(ends[1]);
    }
    ~Waiting() { finish(); }
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;

    pid_t pid() const { return pid_; }
    void finish()
    {
        release_.reset();
        if (pid_ > 0)
            (void)::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }

private:
    pid_t pid_ = 0;
    UniqueFd release_;
};

class LineageContract : public testing::TestWithParam<Engine> {
protected:
    void SetUp() override
    {
        if (GetParam().is_real && ::geteuid() != 0)
            GTEST_SKIP() << "the " << GetParam().name << " engine needs root";
        auto opened = GetParam().open();
        if (!opened.ok()
            && (opened.error().code() == Errc::denied || opened.error().code() == Errc::unsupported))
            GTEST_SKIP() << "this kernel does not offer it: " << opened.error().message();
        ASSERT_OK(opened);
        source_ = opened.take();
    }

    void drain()
    {
        auto drained = source_->drain([this](LifecycleEvent&& event) { seen_.push_back(std::move(event)); });
        ASSERT_TRUE(drained.ok()) << drained.error().message();
    }

    bool is_readable(int timeout_ms) const
    {
        pollfd p{source_->fd(), POLLIN, 0};
        return ::poll(&p, 1, timeout_ms) == 1;
    }

    // Drains until `done` holds, five seconds at most.
    template <typename Done>
    bool wait_until(Done done)
    {
        auto deadline = steady_now() + std::chrono::seconds(5);
        for (;;) {
            drain();
            if (done())
                return true;
            if (steady_now() >= deadline)
                return false;
            (void)is_readable(50);
        }
    }

    event::Process const* find(LifecycleKind kind, pid_t pid) const
    {
        for (auto const& event : seen_) {
            if (event.kind == kind && event.process.key.pid == pid)
                return &event.process;
        }
        return nullptr;
    }
    event::Process const* await(LifecycleKind kind, pid_t pid)
    {
        (void)wait_until([&] { return find(kind, pid) != nullptr; });
        return find(kind, pid);
    }

    // The fake learns what the kernel tells the real engines.
    void tell_fake(LifecycleKind kind, event::Process process)
    {
        if (auto* fake = dynamic_cast<FakeLineage*>(source_.get()))
            fake->push({kind, std::move(process)});
    }
    void tell_fake_from_proc(LifecycleKind kind, pid_t pid)
    {
        if (!GetParam().is_real)
            tell_fake(kind, read_process(pid).take());
    }

    // Until the program runs, so that /proc shows it and not the fork before.
    static event::Process program_of(pid_t pid, std::string const& command)
    {
        auto deadline = steady_now() + std::chrono::seconds(5);
        for (;;) {
            // Twice alike: the first may have been read while execve was at work.
            auto process = read_process(pid).take();
            bool is_settled = process.command == command && process == read_process(pid).take();
            if (is_settled || steady_now() >= deadline)
                return process;
        }
    }

    std::unique_ptr<LineageSource> source_;
    std::vector<LifecycleEvent> seen_;
};

TEST_P(LineageContract, SaysNothingWhenNothingWaits)
{
    drain();
    EXPECT_EQ(0u, source_->lost());
    EXPECT_EQ(GetParam().name, source_->engine());
    EXPECT_GE(source_->fd(), 0);
}

TEST_P(LineageContract, IsReadableOnceAProcessHasBegunAndNotAfterTheDrain)
{
    Waiting child({"/bin/cat"});
    tell_fake_from_proc(LifecycleKind::forked, child.pid());
    EXPECT_TRUE(is_readable(5000));
    EXPECT_NE(nullptr, await(LifecycleKind::forked, child.pid()));
    // Other processes of the machine may speak meanwhile.
    EXPECT_TRUE(wait_until([&] { return !is_readable(0); }));
}

TEST_P(LineageContract, TellsTheWholeOfAProgram)
{
    Waiting child({"/bin/cat", "-u", "-"});
    auto expected = program_of(child.pid(), "/bin/cat -u -");
    tell_fake(LifecycleKind::executed, expected);

    auto const* told = await(LifecycleKind::executed, child.pid());
    ASSERT_NE(nullptr, told);
    // Below a chroot the kernel names it from the real root, and /proc from ours.
    EXPECT_TRUE(told->executable.ends_with(expected.executable)) << told->executable;
    expected.executable = told->executable;
    EXPECT_EQ(expected, *told);
    EXPECT_EQ(::getpid(), told->parent.pid);
    EXPECT_EQ("/bin/cat -u -", told->command);
    EXPECT_EQ(::geteuid(), told->uid);
    EXPECT_FALSE(told->is_kernel_thread);
    EXPECT_TRUE(told->executable.ends_with("/cat")) << told->executable;
}

TEST_P(LineageContract, TellsAForkWithItsParentsCommand)
{
    Waiting child({"/bin/cat"});
    auto self = read_process(::getpid()).take();
    auto expected = self;
    expected.key = program_of(child.pid(), "/bin/cat").key;
    expected.parent = self.key;
    tell_fake(LifecycleKind::forked, expected);

    auto const* told = await(LifecycleKind::forked, child.pid());
    ASSERT_NE(nullptr, told);
    EXPECT_EQ(expected.key, told->key);
    EXPECT_EQ(self.key, told->parent);
    EXPECT_EQ(self.uid, told->uid);
    EXPECT_EQ(self.session, told->session);
    EXPECT_EQ(self.cgroup_id, told->cgroup_id);
    EXPECT_EQ(self.cgroup, told->cgroup);
}

TEST_P(LineageContract, TellsTheEndWithTheSameKey)
{
    Waiting child({"/bin/cat"});
    auto pid = child.pid();
    auto key = program_of(pid, "/bin/cat").key;
    child.finish();
    event::Process gone;
    gone.key = key;
    tell_fake(LifecycleKind::exited, gone);

    auto const* told = await(LifecycleKind::exited, pid);
    ASSERT_NE(nullptr, told);
    EXPECT_EQ(key, told->key);
}

TEST_P(LineageContract, LeavesThreadsOut)
{
    auto pid = ::fork();
    if (pid == 0) {
        std::thread([] { }).join();
        ::_exit(0);
    }
    ASSERT_EQ(pid, ::waitpid(pid, nullptr, 0));
    event::Process gone;
    gone.key.pid = pid;
    tell_fake(LifecycleKind::exited, gone);

    EXPECT_NE(nullptr, await(LifecycleKind::exited, pid));
    for (auto const& event : seen_)
        EXPECT_NE(pid, event.process.parent.pid) << event.process.key.pid;
}

// fork, fork, the middle one ends: init adopts the grandchild, which then executes.
TEST_P(LineageContract, KeepsTheParentAtBirthAfterADoubleFork)
{
    int out[2];
    ASSERT_EQ(0, ::pipe2(out, O_CLOEXEC));
    int in[2];
    ASSERT_EQ(0, ::pipe2(in, O_CLOEXEC));
    auto middle = ::fork();
    if (middle == 0) {
        auto grandchild = ::fork();
        if (grandchild == 0) {
            char byte = 0;
            ::dup2(in[0], 0);
            if (::read(0, &byte, 1) == 1)
                ::execl("/bin/cat", "/bin/cat", nullptr);
            ::_exit(127);
        }
        [[maybe_unused]] auto n = ::write(out[1], &grandchild, sizeof(grandchild));
        ::_exit(0);
    }
    UniqueFd release(in[1]);
    (void)::close(in[0]);
    pid_t grandchild = 0;
    ASSERT_EQ(static_cast<ssize_t>(sizeof(grandchild)), ::read(out[0], &grandchild, sizeof(grandchild)));
    (void)::close(out[0]);
    (void)::close(out[1]);
    ASSERT_EQ(middle, ::waitpid(middle, nullptr, 0)); // from here on it is an orphan
    ASSERT_EQ(1, ::write(release.get(), "x", 1));
    auto program = program_of(grandchild, "/bin/cat");
    EXPECT_NE(middle, program.parent.pid) << "what /proc shows now";
    program.parent = {middle, program.key.start_ticks};
    tell_fake(LifecycleKind::executed, program);

    auto const* told = await(LifecycleKind::executed, grandchild);
    ASSERT_NE(nullptr, told);
    EXPECT_EQ(middle, told->parent.pid);
    EXPECT_NE(0u, told->parent.start_ticks);
    EXPECT_EQ("/bin/cat", told->command);
}

class RealLineage : public LineageContract {
protected:
    // xargs with `count` short-lived children, sixteen at a time.
    static pid_t run_xargs(int count)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            std::abort();
        for (int i = 0; i < count; ++i)
            (void)::dprintf(ends[1], "%d\n", i);
        auto pid = ::fork();
        if (pid == 0) {
            ::dup2(ends[0], 0);
            ::execl("/usr/bin/xargs", "xargs", "-P16", "-n1", "/bin/true", nullptr);
            ::_exit(127);
        }
        (void)::close(ends[0]);
        (void)::close(ends[1]);
        return pid;
    }
};

// The moment between an event and its reading is where others lose processes.
TEST_P(RealLineage, MissesNoneOfThreeHundredShortLives)
{
    auto xargs = run_xargs(300);
    std::set<event::ProcessKey> begun;
    std::set<event::ProcessKey> ended;
    std::set<event::ProcessKey> named;
    auto count = [&] {
        for (auto& event : std::exchange(seen_, {})) {
            auto const& process = event.process;
            if (event.kind == LifecycleKind::exited && begun.contains(process.key))
                ended.insert(process.key);
            if (event.kind != LifecycleKind::executed || process.parent.pid != xargs)
                continue;
            begun.insert(process.key);
            if (process.command.starts_with("/bin/true ") && process.executable.ends_with("/true"))
                named.insert(process.key);
        }
        return ended.size() >= 300;
    };
    EXPECT_TRUE(wait_until(count)) << begun.size() << " begun, " << ended.size() << " ended";
    EXPECT_EQ(xargs, ::waitpid(xargs, nullptr, 0));
    EXPECT_EQ(300u, begun.size());
    EXPECT_EQ(0u, source_->lost());
    RecordProperty("with_command", static_cast<int>(named.size()));
    EXPECT_GE(named.size(), GetParam().knows_the_gone ? 300u : 0u);
}

// The whole of a life read long after its end.
TEST_P(RealLineage, TellsALifeThatEndedBeforeTheDrain)
{
    auto pid = ::fork();
    if (pid == 0) {
        ::execl("/bin/true", "/bin/true", "an", "argument", nullptr);
        ::_exit(127);
    }
    ASSERT_EQ(pid, ::waitpid(pid, nullptr, 0));
    auto self = read_process(::getpid()).take();

    ASSERT_NE(nullptr, await(LifecycleKind::exited, pid));
    auto const* born = find(LifecycleKind::forked, pid);
    auto const* program = find(LifecycleKind::executed, pid);
    ASSERT_NE(nullptr, born);
    ASSERT_NE(nullptr, program);
    EXPECT_EQ(self.key, born->parent);
    EXPECT_EQ(self.key, program->parent);
    EXPECT_EQ(self.uid, program->uid);
    EXPECT_EQ(self.cgroup, program->cgroup);
    EXPECT_EQ(find(LifecycleKind::exited, pid)->key, program->key);
    EXPECT_EQ(GetParam().knows_the_gone ? "/bin/true an argument" : "", program->command);
}

std::string name_of(testing::TestParamInfo<Engine> const& info)
{
    std::string out(info.param.name);
    std::erase(out, ' ');
    return out;
}

constexpr Engine ebpf{"ebpf", open_ebpf_lineage, true, true};
constexpr Engine connector{"proc connector", open_proc_connector_lineage, false, true};
constexpr Engine fake{"fake", open_fake, false, false};

INSTANTIATE_TEST_SUITE_P(Engines, LineageContract, testing::Values(ebpf, connector, fake), name_of);
INSTANTIATE_TEST_SUITE_P(Engines, RealLineage, testing::Values(ebpf, connector), name_of);

} // namespace
} // namespace tocsin::sensor
