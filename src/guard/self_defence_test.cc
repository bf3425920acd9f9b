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

struct Notes {
    std::vector<ProcessKey> own;
    std::vector<std::string> guarded; // paths
    std::vector<std::string> left_open;
    std::vector<RefusedDeed> refused;
};

class FakeGate final : public sensor::SelfGate {
public:
    explicit FakeGate(Notes& notes) : notes_(notes) { }
    Result<void> admit(ProcessKey process) override
    {
        notes_.own.push_back(process);
        return {};
    }
    void dismiss(ProcessKey process) override { std::erase(notes_.own, process); }
    Result<void> guard(int dir_fd) override { return note(notes_.guarded, dir_fd); }
    Result<void> leave_open(int dir_fd) override { return note(notes_.left_open, dir_fd); }
    void drain(std::function<void(RefusedDeed&&)> const& sink) override
    {
        for (auto& deed : std::exchange(notes_.refused, {}))
            sink(std::move(deed));
    }
    std::uint64_t refusals() const override { return 3; }

private:
    static Result<void> note(std::vector<std::string>& paths, int fd)
    {
        auto path = TRY(sys::read_link_at(AT_FDCWD, sys::fd_path(fd)));
        paths.push_back(std::move(path));
        return {};
    }
    Notes& notes_;
};

class SelfDefenceTest : public testing::Test {
protected:
    void SetUp() override
    {
        state_.dir = dir_.path();
        state_.repository = dir_ / "repository";
        ASSERT_OK(sys::make_dirs(dir_ / "repository/locks", 0700));
        defence_.emplace(std::unique_ptr<sensor::SelfGate>(std::make_unique<FakeGate>(notes_)), state_,
            [this](RefusedDeed const&, std::string const& sentence) { told_.push_back(sentence); });
    }

    test::TempDir dir_;
    answers::StatePaths state_;
    Notes notes_;
    std::vector<std::string> told_;
    std::optional<SelfDefence> defence_;
};

TEST_F(SelfDefenceTest, GuardsStateAndRepositoryButNotTheLocks)
{
    EXPECT_EQ((std::vector{state_.dir, state_.repository}), notes_.guarded);
    EXPECT_EQ(std::vector{state_.repository + "/locks"}, notes_.left_open);
    ASSERT_EQ(1U, notes_.own.size());
    EXPECT_EQ(::getpid(), notes_.own.front().pid);
    EXPECT_TRUE(defence_->what_holds().holds);
}

TEST_F(SelfDefenceTest, FollowsTheSupervisor)
{
    ProcessKey const first{4711, 1};
    ProcessKey const second{4712, 2};
    defence_->look(first);
    EXPECT_EQ(first, notes_.own.back());
    defence_->look(second);
    EXPECT_EQ(second, notes_.own.back());
    defence_->look({});
    EXPECT_EQ(1U, notes_.own.size());
}

TEST_F(SelfDefenceTest, TellsOfEachProgramAndDeedOnce)
{
    notes_.refused = {{{}, 0, "kill", "trace the guard"}, {{}, 0, "kill", "trace the guard"},
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
    SelfDefence const none(std::unique_ptr<sensor::SelfGate>(std::make_unique<FakeGate>(notes_)), state_,
        [](RefusedDeed const&, std::string const&) { });
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
