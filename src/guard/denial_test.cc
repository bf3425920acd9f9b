// SPDX-License-Identifier: Apache-2.0
// Which directories are marked and who is condemned, with a gate that only takes notes.
#include "tocsin/guard/denial.h"

#include <fcntl.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

using event::ProcessKey;

struct Notes {
    std::vector<int> protected_now; // descriptors
    std::vector<ProcessKey> condemned;
    std::vector<ProcessKey> forgotten;
    std::vector<int> watched_now; // descriptors
    sensor::TruncationGate::Counters truncations;
    bool refuses = true;
    bool is_full = false;
};

class FakeGate final : public sensor::CondemnedGate {
public:
    explicit FakeGate(Notes& notes) : notes_(notes) { }
    Result<void> protect(int dir_fd) override
    {
        notes_.protected_now.push_back(dir_fd);
        return {};
    }
    void unprotect(int dir_fd) override { std::erase(notes_.protected_now, dir_fd); }
    Result<void> condemn(ProcessKey process) override
    {
        if (notes_.is_full)
            return Error(Errc::full, "no room");
        notes_.condemned.push_back(process);
        return {};
    }
    void forget(ProcessKey process) override { notes_.forgotten.push_back(process); }
    void pardon(std::span<ProcessKey const> processes) override
    {
        for (auto const& process : processes)
            std::erase(notes_.condemned, process);
    }
    std::uint64_t denials() const override { return 7; }
    std::uint64_t missed() const override { return 0; }

private:
    Notes& notes_;
};

class FakeTruncationGate final : public sensor::TruncationGate {
public:
    explicit FakeTruncationGate(Notes& notes) : notes_(notes) { }
    Result<void> watch(int dir_fd) override
    {
        notes_.watched_now.push_back(dir_fd);
        return {};
    }
    void unwatch(int dir_fd) override { std::erase(notes_.watched_now, dir_fd); }
    void kept(int, event::Stamp const&) override { }
    void left_out(int) override { }
    void set_refusing(bool on) override { notes_.refuses = on; }
    Counters counters() const override { return notes_.truncations; }

private:
    Notes& notes_;
};

class DenialTest : public testing::Test {
protected:
    int add_tree(std::int64_t root)
    {
        Tree tree;
        tree.root = event::RootId{root};
        tree.path = "/tree";
        tree.fd = sys::open("/", O_RDONLY | O_DIRECTORY).take();
        return trees_.add(std::move(tree))->fd.get();
    }
    answers::InvariantStatus held(Denial const& denial) { return denial.what_holds().front(); }

    Notes notes_;
    Trees trees_;
    Denial denial_{{std::unique_ptr<sensor::CondemnedGate>(std::make_unique<FakeGate>(notes_)),
                       std::unique_ptr<sensor::TruncationGate>(std::make_unique<FakeTruncationGate>(notes_))},
        trees_};
    ProcessKey const actor_{4711, 3};
};

TEST_F(DenialTest, FollowsTheTrees)
{
    auto const one = add_tree(1);
    auto const other = add_tree(2);
    denial_.refresh();
    EXPECT_EQ((std::vector{one, other}), notes_.protected_now);
    trees_.remove(event::RootId{1});
    denial_.refresh();
    EXPECT_EQ(std::vector{other}, notes_.protected_now);
    EXPECT_EQ(std::vector{other}, notes_.watched_now);
}

TEST_F(DenialTest, CondemnsAndPardons)
{
    denial_.condemn(std::span(&actor_, 1));
    EXPECT_EQ(std::vector{actor_}, notes_.condemned);
    denial_.pardon(std::span(&actor_, 1));
    EXPECT_TRUE(notes_.condemned.empty());
    EXPECT_TRUE(held(denial_).holds);
}

TEST_F(DenialTest, PardonsNobodyForAnEnd)
{
    denial_.condemn(std::span(&actor_, 1));
    denial_.ended(std::span(&actor_, 1));
    EXPECT_EQ(std::vector{actor_}, notes_.forgotten);
    EXPECT_EQ(std::vector{actor_}, notes_.condemned) << "what it made may be at work";
}

TEST_F(DenialTest, SaysThatTheTableWasFull)
{
    notes_.is_full = true;
    denial_.condemn(std::span(&actor_, 1));
    EXPECT_FALSE(held(denial_).holds);
}

TEST_F(DenialTest, SaysThatATruncationWasLetGo)
{
    EXPECT_TRUE(denial_.what_holds().back().holds);
    notes_.truncations = {7, 1, 0};
    EXPECT_FALSE(denial_.what_holds().back().holds);
    EXPECT_EQ(7U, denial_.truncations_refused());
}

TEST_F(DenialTest, RefusesNoTruncationWhileNothingIsKept)
{
    denial_.set_keeping(false);
    EXPECT_FALSE(notes_.refuses);
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
