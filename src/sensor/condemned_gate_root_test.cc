// SPDX-License-Identifier: Apache-2.0
// The kernel's own answers, to a child that is condemned. Where it takes no LSM programs it is skipped, with the reason.
#include "tocsin/sensor/condemned_gate.h"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test_mount.h"

namespace tocsin::sensor {
namespace {

class CondemnedGateTest : public test::EachMountTest {
protected:
    void SetUp() override
    {
        auto gate = open_condemned_gate();
        if (!gate.ok())
            GTEST_SKIP() << gate.error().message();
        gate_ = gate.take();
        test::EachMountTest::SetUp();
    }
    void prepare() override
    {
        ASSERT_OK(sys::make_dirs(*mount_ / "tree/deep", 0755));
        tree_ = sys::open(*mount_ / "tree", O_RDONLY | O_DIRECTORY).take();
        ASSERT_OK(gate_->protect(tree_.get()));
    }

    // What an unlink of a new file at `place` gives to a child; to its own child where `by` says so.
    enum class By { child, grandchild };
    int error_of_unlink(std::string const& place, By by, bool is_condemned)
    {
        auto const path = *mount_ / place;
        (void)sys::open(path, O_RDWR | O_CREAT, 0600).take();
        pid_t const child = ::fork();
        if (child == 0) {
            (void)::raise(SIGSTOP);
            pid_t const further = by == By::grandchild ? ::fork() : 0;
            if (further == 0)
                ::_exit(::unlink(path.c_str()) == 0 ? 0 : errno);
            ::_exit(status_of(further));
        }
        int status = 0;
        (void)::waitpid(child, &status, WUNTRACED);
        auto const start = proc::ProcDir::open().take().stat(child).take().start_ticks;
        if (is_condemned)
            EXPECT_OK(gate_->condemn({child, start}));
        (void)::kill(child, SIGCONT);
        return status_of(child);
    }
    static int status_of(pid_t child)
    {
        int status = 0;
        (void)::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    }

    std::unique_ptr<CondemnedGate> gate_;
    UniqueFd tree_;
};

TEST_P(CondemnedGateTest, DeniesTheCondemnedAndNobodyElse)
{
    EXPECT_EQ(EPERM, error_of_unlink("tree/file", By::child, true));
    EXPECT_EQ(0, error_of_unlink("tree/file", By::child, false));
    EXPECT_EQ(1U, gate_->denials());
}

TEST_P(CondemnedGateTest, DeniesAtAnyDepthAndNotOutside)
{
    EXPECT_EQ(EPERM, error_of_unlink("tree/deep/file", By::child, true));
    EXPECT_EQ(0, error_of_unlink("file", By::child, true));
}

TEST_P(CondemnedGateTest, DeniesWhatTheCondemnedMakes)
{
    EXPECT_EQ(EPERM, error_of_unlink("tree/file", By::grandchild, true));
}

TEST_P(CondemnedGateTest, LetsGoOfADirectory)
{
    gate_->unprotect(tree_.get());
    EXPECT_EQ(0, error_of_unlink("tree/file", By::child, true));
}

TEST_P(CondemnedGateTest, IsOverWithTheEngine)
{
    auto const start = proc::ProcDir::open().take().stat(::getpid()).take().start_ticks;
    ASSERT_OK(gate_->condemn({::getpid(), start}));
    EXPECT_NE(0, ::chmod((*mount_ / "tree/deep").c_str(), 0700));
    gate_.reset();
    EXPECT_EQ(0, ::chmod((*mount_ / "tree/deep").c_str(), 0700));
}

TEST_P(CondemnedGateTest, PardonsWithAllThatWasMade)
{
    auto const start = proc::ProcDir::open().take().stat(::getpid()).take().start_ticks;
    event::ProcessKey const self{::getpid(), start};
    ASSERT_OK(gate_->condemn(self));
    pid_t const child = ::fork();
    if (child == 0) {
        (void)::raise(SIGSTOP);
        ::_exit(::chmod((*mount_ / "tree/deep").c_str(), 0700) == 0 ? 0 : errno);
    }
    int status = 0;
    (void)::waitpid(child, &status, WUNTRACED);
    gate_->pardon(std::span(&self, 1));
    (void)::kill(child, SIGCONT);
    EXPECT_EQ(0, status_of(child));
}

INSTANTIATE_TEST_SUITE_P(FileSystems, CondemnedGateTest, testing::Values("ext4", "xfs", "btrfs"));

} // namespace
} // namespace tocsin::sensor
