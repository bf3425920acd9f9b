// SPDX-License-Identifier: Apache-2.0
// Real processes as guards: they beat, and something is done to them.
#include "tocsin/supervise/supervisor.h"

#include <csignal>
#include <future>
#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::supervise {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Supervisor::Limits quick{10ms, 10s, 30};

// A child process that does `work` with a pulse of its own, and its supervisor in a thread.
class SupervisorTest : public testing::Test {
protected:
    SupervisorTest() : pulse_(Pulse::create().take()) { }
    ~SupervisorTest() override
    {
        if (child_ != 0) {
            (void)::kill(child_, SIGKILL);
            (void)::waitpid(child_, nullptr, 0);
        }
    }

    template <typename Work>
    void run_guard(Work work)
    {
        child_ = ::fork();
        if (child_ == 0) {
            work(pulse_);
            ::_exit(0);
        }
        auto theirs = Pulse::open(sys::duplicate(pulse_.fd()).take()).take();
        auto tell = [this](Severity, std::string_view words) { told_.emplace_back(words); };
        supervisor_.emplace(
            PidRef::open(child_).take(), std::move(theirs), proc::ProcDir::open().take(), quick, tell);
        end_ = std::async(std::launch::async, [this] { return supervisor_->watch(); });
    }

    bool comes(std::function<bool()> const& what) const
    {
        for (auto until = steady_now() + 20s; steady_now() < until; std::this_thread::sleep_for(1ms)) {
            if (what())
                return true;
        }
        return false;
    }

    bool beats_on()
    {
        auto before = pulse_.beats(Organ::gate);
        return comes([&] { return pulse_.beats(Organ::gate) > before + 3; });
    }

    Pulse pulse_;
    std::vector<std::string> told_;
    std::optional<Supervisor> supervisor_;
    std::future<Supervisor::End> end_; // its thread goes before what it uses
    pid_t child_ = 0;
};

void beat_for_ever(Pulse& pulse)
{
    for (;;) {
        pulse.beat(Organ::gate);
        (void)::usleep(2'000);
    }
}

TEST_F(SupervisorTest, ContinuesAGuardThatIsStopped)
{
    run_guard(beat_for_ever);
    ASSERT_TRUE(beats_on());
    for (std::uint64_t times = 1; times <= 3; ++times) {
        ASSERT_EQ(0, ::kill(child_, SIGSTOP));
        ASSERT_TRUE(comes([&] { return pulse_.interruptions().count >= times; }));
        EXPECT_TRUE(beats_on());
    }
    ::kill(child_, SIGKILL);
    EXPECT_EQ(Supervisor::End::died, end_.get());
    EXPECT_THAT(told_, ElementsAre(HasSubstr("the guard was stopped by a signal, and continued after")))
        << "the further ones would be told 10 s later";
}

TEST_F(SupervisorTest, EndsAGuardOfWhichOneOrganHangs)
{
    run_guard([](Pulse& pulse) {
        pulse.beat(Organ::deadlines);
        beat_for_ever(pulse);
    });
    EXPECT_EQ(Supervisor::End::killed_by_us, end_.get());
    EXPECT_THAT(told_, ElementsAre("the guard hung and was ended, so that nobody waits for it"));
}

TEST_F(SupervisorTest, EndsAGuardThatATracerStops)
{
    run_guard(beat_for_ever);
    ASSERT_TRUE(beats_on());
    ASSERT_EQ(0, ::ptrace(PTRACE_SEIZE, child_, nullptr, nullptr));
    ASSERT_EQ(0, ::ptrace(PTRACE_INTERRUPT, child_, nullptr, nullptr));
    EXPECT_EQ(Supervisor::End::killed_by_us, end_.get());
}

TEST_F(SupervisorTest, LeavesAGuardAloneThatHasNotBegunOrRests)
{
    run_guard([](Pulse& pulse) {
        (void)::usleep(600'000); // twice what a guard may stay still for
        pulse.beat(Organ::gate);
        pulse.rest(Organ::gate);
        (void)::usleep(600'000);
        pulse.end_in_order();
    });
    EXPECT_EQ(Supervisor::End::in_order, end_.get());
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(SupervisorTest, GivesAGuardTimeToEndInOrder)
{
    run_guard([](Pulse& pulse) {
        pulse.beat(Organ::gate);
        pulse.beat(Organ::deadlines);
        pulse.end_in_order();
        pulse.rest(Organ::gate);
        pulse.rest(Organ::deadlines);
        (void)::usleep(600'000); // its last checkpoint
    });
    EXPECT_EQ(Supervisor::End::in_order, end_.get());
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(SupervisorTest, EndsAGuardThatHangsWhileItEnds)
{
    run_guard([](Pulse& pulse) {
        pulse.beat(Organ::gate);
        pulse.end_in_order();
        (void)::pause();
    });
    EXPECT_EQ(Supervisor::End::in_order, end_.get()) << "not to be started again";
    EXPECT_THAT(told_, ElementsAre("the guard hung and was ended, so that nobody waits for it"));
}

TEST_F(SupervisorTest, KnowsAGuardThatWasKilled)
{
    run_guard(beat_for_ever);
    ASSERT_TRUE(beats_on());
    ASSERT_EQ(0, ::kill(child_, SIGKILL));
    EXPECT_EQ(Supervisor::End::died, end_.get());
    EXPECT_THAT(told_, IsEmpty());
}

TEST(Pulse, IsOnlyMadeOfAPulse)
{
    test::TempDir dir;
    auto file = sys::open(dir / "file", O_RDWR | O_CREAT, 0600).take();
    EXPECT_ERRC(Errc::invalid, Pulse::open(sys::duplicate(file.get()).take()));
    ASSERT_OK(sys::truncate(file.get(), 4096));
    EXPECT_ERRC(Errc::invalid, Pulse::open(std::move(file)));
    EXPECT_ERRC(Errc::failed, Pulse::open(UniqueFd()));
}

} // namespace
} // namespace tocsin::supervise
