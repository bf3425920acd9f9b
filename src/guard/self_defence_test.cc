// SPDX-License-Identifier: Apache-2.0
// Who and what is guarded, and who is told of, with a gate that only takes notes.
#include "tocsin/guard/self_defence.h"

#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

using event::ProcessKey;
using sensor::RefusedDeed;

class FakeGate final : public sensor::SelfGate {
public:
    Result<void> admit(ProcessKey process) override
    {
        own.push_back(process);
        return {};
    }
    void dismiss(ProcessKey process) override { std::erase(own, process); }
    Result<void> guard(int dir_fd) override { return note(guarded, dir_fd); }
    Result<void> leave_open(int dir_fd) override { return note(left_open, dir_fd); }
    void drain(std::function<void(RefusedDeed&&)> const& sink) override
    {
        for (auto& deed : std::exchange(refused, {}))
            sink(std::move(deed));
    }
    std::uint64_t refusals() const override { return 3; }

    std::vector<ProcessKey> own;
    std::vector<std::string> guarded; // paths
    std::vector<std::string> left_open;
    std::vector<RefusedDeed> refused;

private:
    static Result<void> note(std::vector<std::string>& paths, int fd)
    {
        auto path = TRY(sys::read_link_at(AT_FDCWD, sys::fd_path(fd)));
        paths.push_back(std::move(path));
        return {};
    }
};

class SelfDefenceTest : public testing::Test {
protected:
    void SetUp() override
    {
        state_.dir = dir_.path();
        state_.repository = dir_ / "repository";
        ASSERT_OK(sys::make_dirs(dir_ / "repository/locks", 0700));
        auto gate = std::make_unique<FakeGate>();
        gate_ = gate.get();
        defence_.emplace(std::move(gate), state_,
            [this](RefusedDeed const&, std::string const& sentence) { told_.push_back(sentence); });
    }

    test::TempDir dir_;
    answers::StatePaths state_;
    FakeGate* gate_ = nullptr; // defence_'s
    std::vector<std::string> told_;
    std::optional<SelfDefence> defence_;
};

TEST_F(SelfDefenceTest, GuardsStateAndRepositoryButNotTheLocks)
{
    EXPECT_EQ((std::vector{state_.dir, state_.repository}), gate_->guarded);
    EXPECT_EQ(std::vector{state_.repository + "/locks"}, gate_->left_open);
    ASSERT_EQ(1U, gate_->own.size());
    EXPECT_EQ(::getpid(), gate_->own.front().pid);
    EXPECT_TRUE(defence_->what_holds().holds);
}

TEST_F(SelfDefenceTest, FollowsTheSupervisor)
{
    ProcessKey const first{4711, 1};
    ProcessKey const second{4712, 2};
    defence_->look(first);
    EXPECT_EQ(first, gate_->own.back());
    defence_->look(second);
    EXPECT_EQ(second, gate_->own.back());
    defence_->look({});
    EXPECT_EQ(1U, gate_->own.size());
}

TEST_F(SelfDefenceTest, TellsOfEachProgramAndDeedOnce)
{
    gate_->refused = {{{}, 0, "kill", "trace the guard"}, {{}, 0, "kill", "trace the guard"},
        {{}, 0, "gdb", "trace the guard"}, {{}, 0, "kill", "send signal 9 to the guard"}};
    defence_->look({});
    EXPECT_EQ((std::vector<std::string>{"tried to trace the guard, and was refused",
                  "tried to trace the guard, and was refused",
                  "tried to send signal 9 to the guard, and was refused"}),
        told_);
}

TEST_F(SelfDefenceTest, GuardsNothingWhereADirectoryIsMissing)
{
    state_.repository = dir_ / "missing";
    SelfDefence const none(
        std::make_unique<FakeGate>(), state_, [](RefusedDeed const&, std::string const&) { });
    EXPECT_FALSE(none.what_holds().holds);
}

TEST_F(SelfDefenceTest, SaysWhyThereIsNoGate)
{
    SelfDefence none(
        Error(Errc::unsupported, "no programs here"), state_, [](RefusedDeed const&, std::string const&) { });
    none.look({4711, 1});
    EXPECT_FALSE(none.what_holds().holds);
    EXPECT_NE(std::string::npos, none.what_holds().reason.find("no programs here"));
}

} // namespace
} // namespace tocsin::guard
