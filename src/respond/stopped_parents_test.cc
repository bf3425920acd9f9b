// SPDX-License-Identifier: Apache-2.0
// The parents are stand-ins for su; tests/scenario/run_continued.py has the real one.
#include "tocsin/respond/stopped_parents.h"

#include <gmock/gmock.h>
#include <thread>

#include "tocsin/base/test.h"
#include "tocsin/respond/testing/process_tree.h"

namespace tocsin::respond {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

enum class Parent { as_su, waits };

class StoppedParentsTest : public testing::Test {
protected:
    // A parent whose only child works; as su it stops itself when that is stopped.
    static std::unique_ptr<ProcessTree> start(Parent kind)
    {
        auto tree = std::make_unique<ProcessTree>([kind](Shared& shared) {
            ProcessTree::spawn(shared, [&] { ProcessTree::work(shared); });
            int status = 0;
            while (::waitpid(-1, &status, WUNTRACED) > 0)
                if (WIFSTOPPED(status) && kind == Parent::as_su)
                    (void)::kill(::getpid(), SIGSTOP);
        });
        EXPECT_TRUE(tree->wait_for(2));
        return tree;
    }
    event::ProcessKey child_of(ProcessTree const& tree) const
    {
        for (auto const& stat : tree.members())
            if (stat.parent == tree.pid())
                return {stat.pid, stat.start_ticks};
        return {};
    }
    void freeze(event::ProcessKey process)
    {
        (void)::kill(process.pid, SIGSTOP);
        parents_.froze(std::span(&process, 1));
    }
    std::vector<event::ProcessKey> let_go(event::ProcessKey process)
    {
        return parents_.let_go(std::span(&process, 1));
    }
    bool comes_to(event::ProcessKey process, char state) const
    {
        auto const deadline = steady_now() + std::chrono::seconds(5);
        auto is_so = [&] {
            auto stat = proc_.stat(process.pid);
            return stat.ok() && stat.take().state == state;
        };
        while (!is_so() && steady_now() < deadline)
            (void)::usleep(1000);
        return is_so();
    }

    proc::ProcDir proc_ = proc::ProcDir::open().take();
    StoppedParents parents_{proc::ProcDir::open().take()};
};

TEST_F(StoppedParentsTest, ContinuesOneThatHasStoppedBecauseItsChildWas)
{
    auto const tree = start(Parent::as_su);
    auto const child = child_of(*tree);
    freeze(child);
    ASSERT_TRUE(comes_to(tree->top(), 'T'));
    EXPECT_THAT(let_go(child), ElementsAre(tree->top()));
    EXPECT_TRUE(comes_to(tree->top(), 'S'));
}

TEST_F(StoppedParentsTest, ContinuesOneThatStopsOnlyAfterItsChildHasEnded)
{
    auto const tree = start(Parent::waits);
    auto const child = child_of(*tree);
    freeze(child);
    std::jthread const late([&] { // as a parent that did not come to run before
        (void)::usleep(50'000);
        (void)::kill(tree->pid(), SIGSTOP);
    });
    EXPECT_THAT(let_go(child), ElementsAre(tree->top()));
}

TEST_F(StoppedParentsTest, ContinuesOneThatHadStoppedItselfBeforeItWasLookedAt)
{
    auto const tree = start(Parent::as_su);
    auto const child = child_of(*tree);
    (void)::kill(child.pid, SIGSTOP);
    ASSERT_TRUE(comes_to(tree->top(), 'T'));
    freeze(child); // as after a restart of the guard
    EXPECT_THAT(let_go(child), ElementsAre(tree->top()));
}

TEST(HasStoppedItself, BySignallingItselfOrItsGroup)
{
    EXPECT_TRUE(has_stopped_itself("62 0x69d4 0x13 0x2 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4));
    EXPECT_TRUE(has_stopped_itself("62 0xffffffff 0x14 0x2 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4));
    EXPECT_TRUE(has_stopped_itself("234 0x69d4 0x69d4 0x13 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4));
}

TEST(HasStoppedItself, IsNotWhomOthersHaveStopped)
{
    EXPECT_FALSE(has_stopped_itself("61 0x69d5 0x7fff83c0d424 0x2 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4));
    EXPECT_FALSE(has_stopped_itself("62 0x69d5 0x13 0x2 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4))
        << "another";
    EXPECT_FALSE(has_stopped_itself("62 0x69d4 0x0 0x2 0x0 0x7fff 0x0 0x7fff 0x7f6f\n", 0x69d4)) << "asked";
    EXPECT_FALSE(has_stopped_itself("running\n", 0x69d4));
    EXPECT_FALSE(has_stopped_itself("", 0x69d4));
    EXPECT_FALSE(has_stopped_itself("62 0x69d4", 0x69d4));
}

TEST_F(StoppedParentsTest, LeavesOneThatWasStoppedBeforeTheFreeze)
{
    auto const tree = start(Parent::waits);
    auto const child = child_of(*tree);
    (void)::kill(tree->pid(), SIGSTOP);
    ASSERT_TRUE(comes_to(tree->top(), 'T'));
    freeze(child);
    EXPECT_THAT(let_go(child), IsEmpty());
    EXPECT_TRUE(comes_to(tree->top(), 'T'));
}

TEST_F(StoppedParentsTest, LeavesOneThatIsFrozenItself)
{
    auto const tree = start(Parent::waits);
    auto const child = child_of(*tree);
    freeze(child);
    freeze(tree->top());
    ASSERT_TRUE(comes_to(tree->top(), 'T'));
    EXPECT_THAT(let_go(child), IsEmpty());
}

TEST_F(StoppedParentsTest, LeavesOneAboveAnotherThatIsStillFrozen)
{
    auto const tree = std::make_unique<ProcessTree>([](Shared& shared) {
        for (int i = 0; i < 2; ++i)
            ProcessTree::spawn(shared, [&] { ProcessTree::work(shared); });
        ::pause();
    });
    ASSERT_TRUE(tree->wait_for(3));
    std::vector<event::ProcessKey> children;
    for (auto const& stat : tree->members())
        if (stat.parent == tree->pid())
            children.push_back({stat.pid, stat.start_ticks});
    ASSERT_EQ(2U, children.size());
    for (auto const& child : children)
        freeze(child);
    (void)::kill(tree->pid(), SIGSTOP);
    ASSERT_TRUE(comes_to(tree->top(), 'T'));
    EXPECT_THAT(let_go(children[0]), IsEmpty());
    EXPECT_THAT(let_go(children[1]), ElementsAre(tree->top()));
}

} // namespace
} // namespace tocsin::respond
