// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/user.h"
#include "tocsin/sensor/lineage.h"
#include "tocsin/sensor/proc/births.h"
#include "tocsin/sensor/proc/connector_message.h"
#include "tocsin/sensor/proc/process_reader.h"

#include <algorithm>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::sensor {
namespace {

// One datagram as linux/cn_proc.h lays it out.
Bytes datagram(std::uint32_t kind, std::vector<std::uint32_t> const& data)
{
    ByteWriter out;
    auto size = static_cast<std::uint32_t>(16 + 4 * data.size());
    out.fixed(std::uint32_t{36} + size);
    out.fixed(std::uint16_t{3}); // NLMSG_DONE
    out.fixed(std::uint16_t{0});
    out.fixed(std::uint64_t{0});
    out.fixed(std::uint32_t{1}); // CN_IDX_PROC
    out.fixed(std::uint32_t{1}); // CN_VAL_PROC
    out.fixed(std::uint64_t{0});
    out.fixed(static_cast<std::uint16_t>(size));
    out.fixed(std::uint16_t{0});
    out.fixed(kind);
    out.fixed(std::uint32_t{0});
    out.fixed(std::uint64_t{123456789});
    for (auto value : data)
        out.fixed(value);
    return out.take();
}

TEST(ConnectorMessage, ReadsAForkAndAnEnd)
{
    auto bytes = datagram(1, {10, 11, 12, 13});
    auto more = datagram(0x80000000, {12, 13, 0, 17, 0, 0});
    bytes.insert(bytes.end(), more.begin(), more.end());
    auto events = parse_connector_datagram(bytes).take();
    ASSERT_EQ(2u, events.size());
    EXPECT_EQ((ConnectorEvent{ConnectorKind::fork, 123456789, 12, 13, 11, 0}), events[0]);
    EXPECT_EQ((ConnectorEvent{ConnectorKind::exit, 123456789, 12, 13, 0, 0}), events[1]);
}

TEST(ConnectorMessage, TakesTheEffectiveUser)
{
    auto events = parse_connector_datagram(datagram(4, {12, 13, 1000, 1001})).take();
    ASSERT_EQ(1u, events.size());
    EXPECT_EQ(1001u, events[0].effective_uid);
}

TEST(ConnectorMessage, PassesOverKindsItDoesNotKnow)
{
    EXPECT_TRUE(parse_connector_datagram(datagram(0x200, {1, 2, 3, 4})).take().empty());
}

TEST(ConnectorMessage, RefusesLengthsBeyondTheDatagram)
{
    EXPECT_ERRC(Errc::corrupt, parse_connector_datagram(datagram(1, {10})));
    auto bytes = datagram(1, {10, 11, 12, 13});
    bytes[0] = std::byte{0xff};
    EXPECT_ERRC(Errc::corrupt, parse_connector_datagram(bytes));
    bytes[0] = std::byte{15};
    EXPECT_ERRC(Errc::corrupt, parse_connector_datagram(bytes));
}

TEST(Births, KeepTheFirstParentUntilTheEnd)
{
    Births births;
    births.born({5, 50}, {4, 40});
    EXPECT_EQ((event::ProcessKey{4, 40}), births.parent_of({5, 50}, {1, 1}));
    EXPECT_EQ((event::ProcessKey{1, 1}), births.parent_of({5, 51}, {1, 1})) << "another with its pid";
    births.ended({5, 51});
    EXPECT_EQ((event::ProcessKey{4, 40}), births.parent_of({5, 50}, {1, 1}));
    births.ended({5, 50});
    EXPECT_EQ((event::ProcessKey{1, 1}), births.parent_of({5, 50}, {1, 1}));
}

TEST(Command, IsOnePrintableLineOfAtMost256Bytes)
{
    EXPECT_EQ("sh -c x", command_from_arguments(as_bytes(std::string_view("sh\0-c\0x\0", 8))));
    EXPECT_EQ("a\\x1b[2J", command_from_arguments(as_bytes("a\x1b[2J")));
    EXPECT_LE(command_from_arguments(Bytes(4000, std::byte{1})).size(), 256u);
    EXPECT_LE(command_from_arguments(Bytes(4000, std::byte{'a'})).size(), 256u);
}

TEST(ProcessReader, ReadsThisProcess)
{
    auto self = read_process(::getpid()).take();
    EXPECT_EQ(::getpid(), self.key.pid);
    EXPECT_EQ(::getppid(), self.parent.pid);
    EXPECT_NE(0u, self.parent.start_ticks);
    EXPECT_EQ(::geteuid(), self.uid);
    EXPECT_EQ(::getsid(0), self.session);
    EXPECT_EQ(sys::read_link_at(AT_FDCWD, "/proc/self/exe").take(), self.executable);
    EXPECT_NE(std::string::npos, self.command.find("tocsin_sensor_test")) << self.command;
}

TEST(ProcessReader, SaysThatAProcessIsGone)
{
    EXPECT_ERRC(Errc::not_found, read_process(0x7ffffff0));
}

TEST(ProcessReader, FindsEveryProcessWithThisOneAmongThem)
{
    auto all = read_all_processes().take();
    EXPECT_EQ(1, std::ranges::count(all, ::getpid(), [](auto const& one) { return one.key.pid; }));
}

TEST(CgroupNames, GiveBackTheIdOfAPath)
{
    auto self = read_process(::getpid()).take();
    if (self.cgroup_id == 0)
        GTEST_SKIP() << "cgroup v2 is not mounted here";
    if (::geteuid() != 0)
        GTEST_SKIP() << "opening by handle needs root";
    auto names = CgroupNames::open();
    EXPECT_EQ(self.cgroup, names.path_of(self.cgroup_id));
    EXPECT_EQ(self.cgroup, names.path_of(self.cgroup_id)) << "from memory";
    EXPECT_EQ("", names.path_of(0xffff'ffff'0000));
}

TEST(CgroupNames, FollowANewCgroup)
{
    auto mount = proc::cgroup_mount();
    if (!mount.ok() || ::geteuid() != 0)
        GTEST_SKIP() << "needs root and cgroup v2";
    auto path = mount.take() + "/tocsin-test-" + std::to_string(::getpid());
    ASSERT_OK(sys::make_dir_at(AT_FDCWD, path, 0755));
    auto names = CgroupNames::open();
    auto name = "/tocsin-test-" + std::to_string(::getpid());
    EXPECT_EQ(name, names.path_of(names.id_of(name)));
    EXPECT_OK(sys::remove_at(AT_FDCWD, path, AT_REMOVEDIR));
}

TEST(UserName, IsANumberWhereThereIsNoName)
{
    EXPECT_EQ("root", user_name(0));
    EXPECT_EQ("#4294967000", user_name(4294967000));
}

} // namespace
} // namespace tocsin::sensor
