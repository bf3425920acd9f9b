// SPDX-License-Identifier: Apache-2.0
// Which directories are marked and who is condemned, with gates that only take notes.
#include "tocsin/guard/denial.h"

#include <fcntl.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

using event::ProcessKey;

class FakeGate final : public sensor::CondemnedGate {
public:
    Result<void> protect(int dir_fd) override
    {
        protected_now.push_back(dir_fd);
        return {};
    }
    void unprotect(int dir_fd) override { std::erase(protected_now, dir_fd); }
    Result<void> condemn(ProcessKey process) override
    {
        if (is_full)
            return Error(Errc::full, "no room");
        condemned.push_back(process);
        return {};
    }
    void forget(ProcessKey process) override { forgotten.push_back(process); }
    void pardon(std::span<ProcessKey const> processes) override
    {
        for (auto const& process : processes)
            std::erase(condemned, process);
    }
    std::uint64_t denials() const override { return 7; }
    std::uint64_t missed() const override { return 0; }

    std::vector<int> protected_now; // descriptors
    std::vector<ProcessKey> condemned;
    std::vector<ProcessKey> forgotten;
    bool is_full = false;
};

class FakeTruncationGate final : public sensor::TruncationGate {
public:
    Result<void> watch(int dir_fd) override
    {
        watched_now.push_back(dir_fd);
        return {};
    }
    void unwatch(int dir_fd) override { std::erase(watched_now, dir_fd); }
    void kept(int, event::Stamp const&) override { }
    void left_out(int) override { }
    void set_refusing(bool on) override { refuses = on; }
    Counters counters() const override { return counted; }

    std::vector<int> watched_now; // descriptors
    Counters counted;
    bool refuses = true;
};

class DenialTest : public testing::Test {
protected:
    DenialTest()
    {
        auto gate = std::make_unique<FakeGate>();
        auto truncation_gate = std::make_unique<FakeTruncationGate>();
        gate_ = gate.get();
        truncation_gate_ = truncation_gate.get();
        denial_.emplace(Denial::Gates{std::move(gate), std::move(truncation_gate)}, trees_);
    }

    int add_tree(std::int64_t root)
    {
        Tree tree;
        tree.root = event::RootId{root};
        tree.path = "/tree";
        tree.fd = sys::open("/", O_RDONLY | O_DIRECTORY).take();
        return trees_.add(std::move(tree))->fd.get();
    }
    answers::InvariantStatus held(Denial const& denial) { return denial.what_holds().front(); }

    Trees trees_;
    FakeGate* gate_; // denial_'s, as is the next
    FakeTruncationGate* truncation_gate_;
    std::optional<Denial> denial_;
    ProcessKey const actor_{4711, 3};
};

TEST_F(DenialTest, FollowsTheTrees)
{
    auto const one = add_tree(1);
    auto const other = add_tree(2);
    denial_->refresh();
    EXPECT_EQ((std::vector{one, other}), gate_->protected_now);
    trees_.remove(event::RootId{1});
    denial_->refresh();
    EXPECT_EQ(std::vector{other}, gate_->protected_now);
    EXPECT_EQ(std::vector{other}, truncation_gate_->watched_now);
}

TEST_F(DenialTest, CondemnsAndPardons)
{
    denial_->condemn(std::span(&actor_, 1));
    EXPECT_EQ(std::vector{actor_}, gate_->condemned);
    denial_->pardon(std::span(&actor_, 1));
    EXPECT_TRUE(gate_->condemned.empty());
    EXPECT_TRUE(held(*denial_).holds);
}

TEST_F(DenialTest, PardonsNobodyForAnEnd)
{
    denial_->condemn(std::span(&actor_, 1));
    denial_->ended(std::span(&actor_, 1));
    EXPECT_EQ(std::vector{actor_}, gate_->forgotten);
    EXPECT_EQ(std::vector{actor_}, gate_->condemned) << "what it made may be at work";
}

TEST_F(DenialTest, SaysThatTheTableWasFull)
{
    gate_->is_full = true;
    denial_->condemn(std::span(&actor_, 1));
    EXPECT_FALSE(held(*denial_).holds);
}

TEST_F(DenialTest, SaysThatATruncationWasLetGo)
{
    EXPECT_TRUE(denial_->what_holds().back().holds);
    truncation_gate_->counted = {7, 1, 0};
    EXPECT_FALSE(denial_->what_holds().back().holds);
    EXPECT_EQ(7U, denial_->truncations_refused());
}

TEST_F(DenialTest, RefusesNoTruncationWhileNothingIsKept)
{
    denial_->set_keeping(false);
    EXPECT_FALSE(truncation_gate_->refuses);
}

TEST_F(DenialTest, DoesNothingAndSaysWhyWithoutAGate)
{
    Error const error(Errc::unsupported, "no programs here");
    Denial none({error, error}, trees_);
    add_tree(1);
    none.refresh();
    none.condemn(std::span(&actor_, 1));
    none.pardon(std::span(&actor_, 1));
    EXPECT_FALSE(held(none).holds);
    EXPECT_NE(std::string::npos, held(none).reason.find("no programs here"));
}

} // namespace
} // namespace tocsin::guard
