// SPDX-License-Identifier: Apache-2.0
// With stand-ins for the servers; tests/scenario/run_smb.py has a real smbd.
#include "tocsin/respond/session_cut.h"

#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tocsin/base/test.h"
#include "tocsin/respond/testing/network.h"

namespace tocsin::respond {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class SessionCut : public testing::Test {
protected:
    // A sleeper of this name in a network of its own, stopped as the guard would have.
    bool starts(std::string const& name)
    {
        std::filesystem::copy_file("/bin/sleep", dir_ / name);
        network_ = std::make_unique<OwnNetwork>(dir_ / name);
        if (!network_->is_made())
            return false;
        auto const pid = network_->process().pid;
        ::kill(pid, SIGSTOP);
        return ::waitpid(pid, nullptr, WUNTRACED) == pid;
    }
    char state() const { return proc::ProcDir::open().take().stat(network_->process().pid).take().state; }
    Ending noted()
    {
        return [this](event::ProcessKey process) { ending_.push_back(process); };
    }
    event::ClientAddress client() const { return {"10.0.0.2", 445, network_->number()}; }

    test::TempDir dir_;
    std::unique_ptr<OwnNetwork> network_;
    std::vector<event::ProcessKey> ending_;
};

TEST_F(SessionCut, EndsAnSmbdThatWasStopped)
{
    if (!starts("smbd"))
        GTEST_SKIP() << "needs root and nft";
    auto const cut = cut_off(client(), network_->process(), 0, noted()).take();
    EXPECT_THAT(cut.ended, ElementsAre(network_->process()));
    EXPECT_THAT(ending_, ElementsAre(network_->process()));
    EXPECT_THAT(cut.how, EndsWith(fmt::format("smbd {} has ended", network_->process().pid)));
    EXPECT_EQ('Z', state());
    EXPECT_THAT(network_->ruleset(), HasSubstr("10.0.0.2 . 445"));
}

TEST_F(SessionCut, KillsAnSmbdThatDoesNotEnd)
{
    ::signal(SIGTERM, SIG_IGN); // and so does what is started now
    bool const is_there = starts("smbd");
    ::signal(SIGTERM, SIG_DFL);
    if (!is_there)
        GTEST_SKIP() << "needs root and nft";
    auto const cut = cut_off(client(), network_->process(), 0, noted()).take();
    EXPECT_THAT(cut.how, HasSubstr("killed"));
    EXPECT_EQ('Z', state()) << "what it may have locked, others wait for";
}

TEST_F(SessionCut, LeavesAnotherServerStopped)
{
    if (!starts("sshd"))
        GTEST_SKIP() << "needs root and nft";
    auto const cut = cut_off(client(), network_->process(), 0, noted()).take();
    EXPECT_THAT(cut.ended, IsEmpty());
    EXPECT_THAT(cut.how, HasSubstr("stay frozen"));
    EXPECT_EQ('T', state());
}

TEST_F(SessionCut, DoesNotTouchAProcessThatHasTheNumberByNow)
{
    if (!starts("smbd"))
        GTEST_SKIP() << "needs root and nft";
    auto other = network_->process();
    other.start_ticks -= 1;
    auto const cut = cut_off(client(), other, 0, noted()).take();
    EXPECT_THAT(cut.ended, IsEmpty());
    EXPECT_EQ('T', state());
}

TEST_F(SessionCut, DoesNothingWhereTheClientCannotBeKeptOut)
{
    if (!starts("smbd"))
        GTEST_SKIP() << "needs root and nft";
    auto nobody = client();
    nobody.address = "nobody";
    EXPECT_ERRC(Errc::invalid, cut_off(nobody, network_->process(), 0, noted()));
    EXPECT_EQ('T', state());
}

} // namespace
} // namespace tocsin::respond
