// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/gate.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"
#include "tocsin/sensor/deadline_watch.h"

namespace tocsin::sensor::fanotify {
namespace {

using namespace std::chrono_literals;

// Rules as it is told; keeps what it holds until it is let go.
class ScriptedKeeper final : public GateKeeper {
public:
    Ruling rule_open(int, pid_t pid) noexcept override
    {
        return pid == ::getpid() ? Ruling::allow : ruling.load();
    }
    void hold(std::shared_ptr<HeldOpen> open) noexcept override
    {
        std::lock_guard lock(mutex);
        held.push_back(std::move(open));
        changed.notify_all();
    }
    void after_open(Ruling, SteadyTime) noexcept override { ++opens; }
    void closed(UniqueFd fd, pid_t) noexcept override
    {
        std::lock_guard lock(mutex);
        closes.push_back(std::move(fd));
        changed.notify_all();
    }
    void turned() noexcept override { ++turns; }
    void ended() noexcept override { has_ended = true; }
    void lost_events() noexcept override { ++lost; }

    template <typename Until>
    bool wait(Until until)
    {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 5s, until);
    }

    std::atomic<Ruling> ruling{Ruling::allow};
    std::atomic<int> opens{0};
    std::atomic<int> lost{0};
    std::atomic<int> turns{0};
    std::atomic<bool> has_ended{false};
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<HeldOpen>> held;
    std::deque<UniqueFd> closes;
};

// A child that runs a shell command; its exit status. The gate's events name it, not us.
class Shell {
public:
    explicit Shell(std::string const& command) : pid_(::fork())
    {
        if (pid_ == 0) {
            ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
            ::_exit(127);
        }
    }
    int wait()
    {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    bool runs() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    pid_t pid_;
};

// A child that has a write lease on a file: whoever opens it waits until the lease is given up.
class LeaseHolder {
public:
    explicit LeaseHolder(std::string const& path)
    {
        int ready[2];
        EXPECT_EQ(0, ::pipe2(ready, O_CLOEXEC));
        pid_ = ::fork();
        if (pid_ == 0) {
            ::signal(SIGIO, SIG_IGN);
            int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
            int tries = 5'000; // the gate closes its descriptor of this open a moment after its answer
            while (::fcntl(fd, F_SETLEASE, F_WRLCK) != 0 && errno == EAGAIN && --tries > 0)
                ::usleep(1'000);
            char has_it = ::fcntl(fd, F_GETLEASE) == F_WRLCK ? 'y' : 'n';
            (void)!::write(ready[1], &has_it, 1);
            ::pause();
            ::_exit(0);
        }
        char has_it = 0;
        EXPECT_EQ(1, ::read(ready[0], &has_it, 1));
        EXPECT_EQ('y', has_it);
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~LeaseHolder()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = -1;
};

class GateTest : public test::EachMountTest {
protected:
    void prepare() override
    {
        ASSERT_EQ(0, Shell("echo old > " + file()).wait());
        gate_ = open_gate().take();
        thread_ = std::jthread([this] { served_ = gate_->serve(keeper_).ok(); });
        auto dir = sys::open(mount_->path(), O_RDONLY | O_DIRECTORY).take();
        ASSERT_OK(gate_->mark(dir.get(), MarkScope::directory));
    }
    void TearDown() override { stop(); }

    void stop()
    {
        if (!thread_.joinable())
            return;
        gate_->stop();
        thread_.join();
        EXPECT_TRUE(served_);
    }
    std::string file() const { return *mount_ / "file"; }

    ScriptedKeeper keeper_;
    std::unique_ptr<Gate> gate_;
    std::atomic<bool> served_{false};
    std::jthread thread_;
};

TEST_P(GateTest, DeniesWhatTheKeeperDenies)
{
    keeper_.ruling = Ruling::deny;
    EXPECT_NE(0, Shell("cat " + file() + " 2>/dev/null").wait());
    keeper_.ruling = Ruling::allow;
    EXPECT_EQ(0, Shell("cat " + file() + " >/dev/null").wait());
    EXPECT_GE(keeper_.opens.load(), 2);
}

TEST_P(GateTest, HoldsAnOpenUntilItIsAnswered)
{
    keeper_.ruling = Ruling::hold;
    Shell writer("echo new > " + file());
    ASSERT_TRUE(keeper_.wait([&] { return !keeper_.held.empty(); }));
    std::byte old[8];
    EXPECT_EQ(4u, sys::read_at(keeper_.held.front()->fd(), old, 0).take()) << "not yet truncated";
    EXPECT_TRUE(writer.runs());
    EXPECT_TRUE(keeper_.held.front()->answer(Answer::allow));
    EXPECT_FALSE(keeper_.held.front()->answer(Answer::allow)) << "answered once only";
    EXPECT_EQ(0, writer.wait());
}

TEST_P(GateTest, LetsGoOnEveryWayOut)
{
    keeper_.ruling = Ruling::hold;
    Shell dropped("cat " + file() + " >/dev/null");
    ASSERT_TRUE(keeper_.wait([&] { return keeper_.held.size() == 1; }));
    {
        std::lock_guard lock(keeper_.mutex);
        keeper_.held.clear(); // the last owner goes
    }
    EXPECT_EQ(0, dropped.wait());

    DeadlineWatch watch(50ms);
    Shell late("cat " + file() + " >/dev/null");
    ASSERT_TRUE(keeper_.wait([&] { return keeper_.held.size() == 1; }));
    watch.watch(keeper_.held.front());
    EXPECT_EQ(0, late.wait());
    for (auto end = steady_now() + 5s; watch.timeouts() == 0 && steady_now() < end;)
        std::this_thread::sleep_for(1ms); // it is counted after it was let go
    EXPECT_EQ(1u, watch.timeouts());
}

TEST_P(GateTest, MakesNobodyWaitAfterItsEnd)
{
    stop();
    EXPECT_EQ(0, Shell("cat " + file() + " >/dev/null").wait());
}

TEST_P(GateTest, ReadsAClosedFileThatIsGoneAlready)
{
    ASSERT_EQ(0, Shell("printf precious > " + file() + "; rm " + file()).wait());
    ASSERT_TRUE(keeper_.wait([&] { return !keeper_.closes.empty(); }));
    std::byte content[16];
    auto size = sys::read_at(keeper_.closes.back().get(), content, 0).take();
    EXPECT_EQ("precious", as_text(ByteView(content).first(size)));
}

TEST_P(GateTest, HearsNothingOfUnmarkedDirectories)
{
    ASSERT_EQ(0, Shell("mkdir " + (*mount_ / "other")).wait());
    int before = keeper_.opens;
    ASSERT_EQ(0, Shell("echo x > " + (*mount_ / "other/file")).wait());
    EXPECT_EQ(before, keeper_.opens);
}

TEST_P(GateTest, AsksForAFileByItsNameElsewhere)
{
    ASSERT_EQ(
        0, Shell("mkdir " + (*mount_ / "other") + "; ln " + file() + " " + (*mount_ / "other/link")).wait());
    auto object = sys::open(file(), O_PATH).take();
    ASSERT_OK(gate_->mark(object.get(), MarkScope::object));
    keeper_.ruling = Ruling::deny;
    EXPECT_NE(0, Shell("cat " + (*mount_ / "other/link") + " 2>/dev/null").wait());
}

TEST_P(GateTest, GoesOnWhileALeaseKeepsOneFileFromIt)
{
    ASSERT_EQ(0, Shell("echo x > " + (*mount_ / "free")).wait());
    ASSERT_TRUE(keeper_.wait([&] { return keeper_.closes.size() == 1; }));
    LeaseHolder lease(file());
    auto began = steady_now();
    EXPECT_NE(0, Shell("cat " + file() + " 2>/dev/null").wait()) << "nobody can look at it";
    EXPECT_EQ(0, Shell("cat " + (*mount_ / "free") + " >/dev/null").wait());
    EXPECT_LT(steady_now() - began, 5s);
    EXPECT_EQ(1u, gate_->unreadable_events());
}

// The gate has no descriptor left for the event; what it had queued before and after is served.
TEST_P(GateTest, OutlivesAnEventThatItCannotOpen)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "UBSan makes a pipe to look at an object's type, and takes it for wrong where it can't";
#endif
    rlimit before;
    ASSERT_EQ(0, ::getrlimit(RLIMIT_NOFILE, &before));
    auto lowest_free = static_cast<rlim_t>(UniqueFd(::dup(0)).get());
    rlimit none{lowest_free, before.rlim_max};
    Shell reader("sleep 0.3; cat " + file() + " 2>/dev/null");
    ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &none));
    auto denied = reader.wait();
    ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &before));
    EXPECT_NE(0, denied);
    EXPECT_EQ(0, Shell("cat " + file() + " >/dev/null").wait());
    EXPECT_EQ(1u, gate_->unreadable_events());
}

TEST_P(GateTest, AtItsEndLetsGoWhoIsQueuedBehindAnUnreadableEvent)
{
    ASSERT_EQ(0, Shell("echo x > " + (*mount_ / "free")).wait());
    stop();
    LeaseHolder lease(file());
    auto old_kernels_gate = open_gate(EventErrors::of_the_read).take();
    auto dir = sys::open(mount_->path(), O_RDONLY | O_DIRECTORY).take();
    ASSERT_OK(old_kernels_gate->mark(dir.get(), MarkScope::directory));
    Shell denied("cat " + file() + " 2>/dev/null");
    std::this_thread::sleep_for(200ms);
    Shell waits("cat " + (*mount_ / "free") + " >/dev/null");
    std::this_thread::sleep_for(200ms);
    old_kernels_gate->stop();
    EXPECT_OK(old_kernels_gate->serve(keeper_));
    EXPECT_EQ(0, waits.wait()) << "while the gate still exists";
    EXPECT_NE(0, denied.wait());
}

TEST_P(GateTest, CountsUnreadableEventsOnOldKernelsToo)
{
    ASSERT_EQ(0, Shell("echo x > " + (*mount_ / "free")).wait());
    stop();
    gate_ = open_gate(EventErrors::of_the_read).take();
    thread_ = std::jthread([this] { served_ = gate_->serve(keeper_).ok(); });
    LeaseHolder lease(file());
    auto dir = sys::open(mount_->path(), O_RDONLY | O_DIRECTORY).take();
    ASSERT_OK(gate_->mark(dir.get(), MarkScope::directory));
    EXPECT_NE(0, Shell("cat " + file() + " 2>/dev/null").wait());
    EXPECT_EQ(0, Shell("cat " + (*mount_ / "free") + " >/dev/null").wait());
    EXPECT_EQ(1u, gate_->unreadable_events());
}

INSTANTIATE_TEST_SUITE_P(FileSystems, GateTest, testing::Values("ext4", "xfs", "btrfs"),
    [](auto const& fs_type) { return std::string(fs_type.param); });

} // namespace
} // namespace tocsin::sensor::fanotify
