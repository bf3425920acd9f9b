// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/proc.h"
#include "tocsin/base/test.h"

namespace tocsin::proc {
namespace {

constexpr char tail[] = " S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 157649 1 2\n";

TEST(ProcStat, ReadsTheFieldsBehindTheName)
{
    auto stat = parse_stat(std::string("12 (cat)") + tail).take();
    EXPECT_EQ(12, stat.pid);
    EXPECT_EQ("cat", stat.comm);
    EXPECT_EQ('S', stat.state);
    EXPECT_EQ(7, stat.parent);
    EXPECT_EQ(9, stat.session);
    EXPECT_EQ(3u, stat.threads);
    EXPECT_EQ(157649u, stat.start_ticks);
    EXPECT_FALSE(stat.is_kernel_thread());
}

TEST(ProcStat, IsNotFooledByANameThatLooksLikeFields)
{
    auto stat = parse_stat(std::string("12 (a) R 1 (b)") + tail).take();
    EXPECT_EQ("a) R 1 (b", stat.comm);
    EXPECT_EQ(7, stat.parent);
}

TEST(ProcStat, RefusesALineThatIsCutShort)
{
    EXPECT_ERRC(Errc::corrupt, parse_stat(""));
    EXPECT_ERRC(Errc::corrupt, parse_stat("12 (cat) S 7"));
    EXPECT_ERRC(Errc::corrupt, parse_stat("12 cat S 7"));
    EXPECT_ERRC(Errc::corrupt, parse_stat("12 () "));
}

TEST(ProcStatus, GivesTheEffectiveUser)
{
    EXPECT_EQ(1000u, parse_effective_uid("Name:\tx\nUid:\t0\t1000\t2\t3\nGid:\t1\t1\t1\t1\n").take());
    EXPECT_ERRC(Errc::corrupt, parse_effective_uid("Name:\tx\nUid:\t0\n"));
}

TEST(ProcCgroup, TakesTheUnifiedLineAmongOthers)
{
    EXPECT_EQ("/a b/c", parse_cgroup_path("4:memory:/x\n0::/a b/c\n").take());
    EXPECT_ERRC(Errc::corrupt, parse_cgroup_path("4:memory:/x\n"));
}

TEST(ProcMounts, FindsCgroupTwoWhereverItIs)
{
    EXPECT_EQ("/sys/fs/cgroup/my cg",
        parse_cgroup_mount(
            "31 23 0:28 / /sys rw - sysfs sysfs rw\n"
            "41 31 0:38 / /sys/fs/cgroup/my\\040cg rw,relatime shared:9 - cgroup2 cgroup2 rw\n")
            .take());
    EXPECT_ERRC(Errc::not_found, parse_cgroup_mount("31 23 0:28 / /sys rw - cgroup cgroup rw\n"));
}

TEST(ProcDir, ReadsThisProcess)
{
    auto dir = ProcDir::open().take();
    auto stat = dir.stat(::getpid()).take();
    EXPECT_EQ(::getpid(), stat.pid);
    EXPECT_EQ(::getppid(), stat.parent);
    EXPECT_EQ(stat.start_ticks, dir.thread_stat(::getpid(), ::getpid()).take().start_ticks);
    EXPECT_FALSE(dir.threads(::getpid()).take().empty());
    EXPECT_ERRC(Errc::not_found, dir.stat(0x7ffffff0));
}

} // namespace
} // namespace tocsin::proc
