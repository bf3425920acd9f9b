// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/act.h"

#include <algorithm>
#include <fstream>
#include <sys/syscall.h>
#include <thread>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/respond/testing/process_tree.h"

namespace tocsin::respond {
namespace {

using Keys = std::vector<event::ProcessKey>;

class FreezerTest : public testing::Test {
protected:
    FirstInLine first_in_line_;
    Freezer freezer_ = Freezer::create().take();

    // Whether nobody of the tree worked for a while.
    static void expect_at_rest(ProcessTree& tree)
    {
        EXPECT_EQ(std::vector<pid_t>{}, tree.running());
        auto work = tree.shared().work.load();
        auto started = tree.shared().started.load();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        EXPECT_EQ(std::vector<pid_t>{}, tree.running());
        EXPECT_EQ(work, tree.shared().work);
        EXPECT_EQ(started, tree.shared().started);
    }
    static bool works(ProcessTree& tree)
    {
        auto before = tree.shared().work.load();
        auto deadline = steady_now() + std::chrono::seconds(5);
        while (tree.shared().work == before && steady_now() < deadline)
            (void)::usleep(200);
        return tree.shared().work != before;
    }
};

// All fork as fast as they can until there were `limit` forks, or ten seconds are over.
void fork_bomb(Shared& shared, int limit)
{
    auto deadline = steady_now() + std::chrono::seconds(10);
    while (shared.started.fetch_add(1) < limit && steady_now() < deadline) {
        if (::fork() == 0)
            (void)::alarm(30);
        ++shared.work;
    }
    ProcessTree::work(shared);
}

TEST_F(FreezerTest, StopsAndContinuesOneProcess)
{
    ProcessTree tree(ProcessTree::spin);
    ASSERT_TRUE(works(tree));
    auto frozen = freezer_.freeze(Keys{tree.top()}).take();
    EXPECT_EQ(Keys{tree.top()}, frozen.frozen);
    EXPECT_EQ("SIGSTOP to 1 process", frozen.how);
    expect_at_rest(tree);

    auto thawed = freezer_.thaw(Keys{tree.top()}).take();
    EXPECT_EQ(Keys{tree.top()}, thawed.frozen);
    EXPECT_TRUE(works(tree));
}

TEST_F(FreezerTest, StopsAtOnceWhatIsNamedAndNothingElse)
{
    ProcessTree tree([](Shared& shared) {
        ProcessTree::spawn(shared, [&] { ProcessTree::work(shared); });
        ::pause();
    });
    ASSERT_TRUE(tree.wait_for(2));
    auto outcome = freezer_.freeze_now(Keys{tree.top()});
    EXPECT_EQ(Keys{tree.top()}, outcome.frozen);
    EXPECT_TRUE(works(tree)) << "the child was not named";
}

TEST_F(FreezerTest, StopsAllThreadsWhereTheFirstWaitsInTheKernel)
{
    ProcessTree tree([](Shared& shared) {
        std::thread([&shared] { ProcessTree::work(shared); }).detach();
        if (::vfork() == 0) { // the first thread waits for its end, and takes no signal but SIGKILL meanwhile
            for (;;)
                ::pause();
        }
    });
    ASSERT_TRUE(works(tree));
    auto const outcome = freezer_.freeze_now(Keys{tree.top()});
    EXPECT_EQ(Keys{tree.top()}, outcome.frozen);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    auto const work = tree.shared().work.load();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(work, tree.shared().work);
}

TEST_F(FreezerTest, StopsDescendantsOfWhichItWasNotTold)
{
    ProcessTree tree([](Shared& shared) {
        for (int i = 0; i < 3; ++i) {
            ProcessTree::spawn(shared, [&] {
                ProcessTree::spawn(shared, [&] { ProcessTree::work(shared); });
                ProcessTree::work(shared);
            });
        }
        ProcessTree::work(shared);
    });
    ASSERT_TRUE(tree.wait_for(7));
    EXPECT_EQ(7u, freezer_.freeze(Keys{tree.top()}).take().frozen.size());
    expect_at_rest(tree);
    EXPECT_EQ(7u, freezer_.thaw(Keys{tree.top()}).take().frozen.size());
    EXPECT_TRUE(works(tree));
}

TEST_F(FreezerTest, StopsAForkBombInTheMiddle)
{
    ProcessTree tree([](Shared& shared) { fork_bomb(shared, 200); });
    ASSERT_TRUE(tree.wait_for(20));
    auto outcome = freezer_.freeze(Keys{tree.top()}).take();
    EXPECT_TRUE(outcome.left.empty()) << outcome.how;
    EXPECT_GE(outcome.frozen.size(), 20u);
    EXPECT_EQ(outcome.frozen.size(), tree.members().size());
    expect_at_rest(tree);
}

TEST_F(FreezerTest, StopsAllOfThreeHundredThreads)
{
    ProcessTree tree([](Shared& shared) {
        for (int i = 0; i < 300; ++i)
            std::thread([&] { ++shared.started, ProcessTree::work_when_told(shared); }).detach();
        ProcessTree::work_when_told(shared);
    });
    ASSERT_TRUE(tree.wait_for(301));
    tree.shared().go = true;
    ASSERT_TRUE(works(tree));
    auto outcome = freezer_.freeze(Keys{tree.top()}).take();
    EXPECT_EQ(Keys{tree.top()}, outcome.frozen);
    expect_at_rest(tree);
}

TEST_F(FreezerTest, StopsThreadsThatOutliveTheirLeader)
{
    ProcessTree tree([](Shared& shared) {
        std::thread([&] { ++shared.started, ProcessTree::work(shared); }).detach();
        (void)::syscall(SYS_exit, 0); // this thread alone
    });
    ASSERT_TRUE(tree.wait_for(2));
    ASSERT_TRUE(works(tree));
    (void)freezer_.freeze(Keys{tree.top()}).take();
    auto work = tree.shared().work.load();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(work, tree.shared().work);
}

TEST_F(FreezerTest, LeavesAnotherProcessWithTheSameNumberAlone)
{
    ProcessTree tree(ProcessTree::work);
    auto key = tree.top();
    ++key.start_ticks;
    EXPECT_EQ(Keys{key}, freezer_.freeze_now(Keys{key}).gone);
    EXPECT_EQ(Keys{key}, freezer_.freeze(Keys{key}).take().gone);
    EXPECT_EQ(Keys{key}, freezer_.kill(Keys{key}).take().gone);
    EXPECT_TRUE(works(tree));
}

TEST_F(FreezerTest, NeverSignalsInitOrItselfOrTheKernel)
{
    auto dir = proc::ProcDir::open().take();
    Keys keys;
    for (auto pid : {pid_t{1}, pid_t{2}, ::getpid()}) {
        auto stat = dir.stat(pid);
        if (stat.ok() && (pid != 2 || stat.take().is_kernel_thread()))
            keys.push_back({pid, dir.stat(pid).take().start_ticks});
    }
    EXPECT_EQ(keys.size(), freezer_.freeze_now(keys).left.size());
}

TEST_F(FreezerTest, LeavesItselfOutOfATreeThatItHangsFrom)
{
    // The tree freezes its own top, as a guard would that the actor's shell has started.
    ProcessTree tree([](Shared& shared) {
        ProcessTree::spawn(shared, [&] {
            auto dir = proc::ProcDir::open().take();
            auto top = ::getppid();
            auto freezer = Freezer::create().take();
            auto outcome = freezer.freeze(Keys{{top, dir.stat(top).take().start_ticks}}).take();
            shared.work = outcome.frozen.size();
        });
        ::pause();
    });
    EXPECT_TRUE(works(tree));
    EXPECT_EQ(1u, tree.shared().work);
}

TEST_F(FreezerTest, SaysWhatHasEnded)
{
    ProcessTree tree([](Shared&) { });
    auto key = tree.top();
    siginfo_t info{};
    ASSERT_EQ(0, ::waitid(P_PID, static_cast<id_t>(key.pid), &info, WEXITED | WNOWAIT));
    EXPECT_EQ(Keys{key}, freezer_.freeze_now(Keys{key}).gone) << "a zombie";
    EXPECT_EQ(Keys{key}, freezer_.freeze(Keys{key}).take().gone);
    auto thawed = freezer_.thaw(Keys{key}).take();
    EXPECT_EQ(Keys{key}, thawed.gone);
    EXPECT_EQ("no process was left for SIGCONT", thawed.how);
}

TEST_F(FreezerTest, EndsATreeOfWhichNoneEscapes)
{
    ProcessTree tree([](Shared& shared) { fork_bomb(shared, 60); });
    ASSERT_TRUE(tree.wait_for(20));
    auto outcome = freezer_.kill(Keys{tree.top()}).take();
    EXPECT_TRUE(outcome.left.empty()) << outcome.how;
    EXPECT_GE(outcome.frozen.size(), 20u);
    EXPECT_TRUE(tree.members().empty());
}

TEST_F(FreezerTest, EndsWhatIsFrozen)
{
    ProcessTree tree(ProcessTree::work);
    auto key = tree.top();
    ASSERT_OK(freezer_.freeze(Keys{key}));
    EXPECT_EQ(Keys{key}, freezer_.kill(Keys{key}).take().frozen);
    EXPECT_TRUE(tree.members().empty());
}

// A cgroup of its own below the mount, empty again and removed at the end.
class OwnCgroup : public FreezerTest {
protected:
    void SetUp() override
    {
        auto mount = proc::cgroup_mount();
        if (::geteuid() != 0 || !mount.ok())
            GTEST_SKIP() << "needs root and a cgroup v2 mount";
        mount_ = mount.take();
        name_ = "/tocsin-test-" + std::to_string(::getpid());
        ASSERT_OK(sys::make_dir_at(AT_FDCWD, mount_ + name_, 0755));
    }
    void TearDown() override
    {
        tree_.reset();
        auto deadline = steady_now() + std::chrono::seconds(5);
        while (!mount_.empty() && ::rmdir((mount_ + name_).c_str()) != 0 && errno == EBUSY
            && steady_now() < deadline)
            (void)::usleep(1000);
    }
    void start_and_move(ProcessTree::Body const& body)
    {
        tree_.emplace(body);
        std::ofstream(mount_ + name_ + "/cgroup.procs") << tree_->pid() << std::flush;
    }
    std::string asked() const
    {
        return sys::read_text(mount_ + name_ + "/cgroup.freeze", 16).take().substr(0, 1);
    }

    std::string mount_;
    std::string name_;
    std::optional<ProcessTree> tree_;
};

TEST_F(OwnCgroup, IsFrozenTooSoThatNoSignalFromOutsideContinuesIt)
{
    start_and_move(ProcessTree::work);
    auto outcome = freezer_.freeze(Keys{tree_->top()}).take();
    EXPECT_NE(std::string::npos, outcome.how.find("cgroup.freeze of '" + name_ + "'")) << outcome.how;
    ASSERT_EQ(0, ::kill(tree_->pid(), SIGCONT));
    auto work = tree_->shared().work.load();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(work, tree_->shared().work);

    ASSERT_OK(freezer_.thaw(Keys{tree_->top()}));
    EXPECT_EQ("0", asked());
    EXPECT_TRUE(works(*tree_));
}

TEST_F(OwnCgroup, IsEndedWhileItIsFrozen)
{
    start_and_move(ProcessTree::work);
    ASSERT_OK(freezer_.freeze(Keys{tree_->top()}));
    EXPECT_EQ(1u, freezer_.kill(Keys{tree_->top()}).take().frozen.size());
}

TEST_F(OwnCgroup, IsLeftAloneWhenAStrangerIsInIt)
{
    start_and_move(ProcessTree::work);
    ProcessTree stranger(ProcessTree::work);
    std::ofstream(mount_ + name_ + "/cgroup.procs") << stranger.pid() << std::flush;
    EXPECT_EQ("SIGSTOP to 1 process", freezer_.freeze(Keys{tree_->top()}).take().how);
    EXPECT_EQ("0", asked());
    EXPECT_TRUE(works(stranger));
}

} // namespace
} // namespace tocsin::respond
