// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/remote_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tocsin/sensor/proc/process_reader.h"

namespace tocsin::sensor {
namespace {

constexpr std::string_view heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

std::string table_of(std::string_view lines)
{
    return std::string(heading) + std::string(lines);
}

std::vector<TcpSocket> sockets_in(std::string_view lines)
{
    auto parsed = parse_tcp_table(table_of(lines));
    EXPECT_TRUE(parsed.ok());
    return parsed.ok() ? parsed.take() : std::vector<TcpSocket>();
}

TEST(TcpTable, TellsWhoIsConnectedAndWhoListens)
{
    auto const found = sockets_in(
        "   0: 0100007F:1162 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0\n"
        "   1: 0100007F:1162 0200000A:C84C 01 00000000:00000000 02:000001A2 00000000     0        0 12 2 0\n"
        "   2: 0100007F:1162 0300000A:C84D 06 00000000:00000000 03:000001A2 00000000     0        0 0 3 "
        "0\n");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_TRUE(found[0].is_listening);
    EXPECT_EQ(found[0].local_address, "127.0.0.1");
    EXPECT_EQ(found[0].local_port, 0x1162);
    EXPECT_FALSE(found[1].is_listening);
    EXPECT_EQ(found[1].remote_address, "10.0.0.2");
    EXPECT_EQ(found[1].inode, 12U);
}

TEST(TcpTable, WritesAddressesOfBothFamiliesAsPeopleDo)
{
    auto const found = sockets_in("   0: 00000000000000000000000001000000:01BD "
                                  "B80D0120000000000000000001000000:C84C 01 0:0 0:0 0 0 0 12 2 0\n"
                                  "   1: 0000000000000000FFFF00000100007F:01BD "
                                  "0000000000000000FFFF00000200000A:C84C 01 0:0 0:0 0 0 0 13 2 0\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].remote_address, "2001:db8::1");
    EXPECT_EQ(found[1].remote_address, "10.0.0.2");
}

TEST(TcpTable, RefusesWhatIsNotTheKernels)
{
    EXPECT_EQ(parse_tcp_table(table_of("   0: here:1 there:2 01\n")).error().code(), Errc::corrupt);
    EXPECT_EQ(parse_tcp_table(table_of("\n")).error().code(), Errc::corrupt);
}

TEST(TcpTable, LeavesOutALineThatIsCutOff)
{
    EXPECT_TRUE(sockets_in("   0: 0100007F:1162 0000").empty());
}

// Port 445 is listened on; 11, 12 and 13 are connections to it, 14 is one from here to port 445 elsewhere.
std::vector<TcpSocket> const sockets{{"0.0.0.0", "0.0.0.0", 445, 10, true},
    {"10.0.0.1", "10.0.0.2", 445, 11, false}, {"10.0.0.1", "10.0.0.3", 445, 12, false},
    {"10.0.0.1", "10.0.0.1", 445, 13, false}, {"10.0.0.1", "10.0.0.9", 40'000, 14, false}};

TEST(Served, IsThePeerOfWhatWasAccepted)
{
    auto const served = served_by({11, 14}, sockets);
    EXPECT_TRUE(served.is_anybody);
    EXPECT_EQ(served.address, "10.0.0.2");
    EXPECT_EQ(served.port, 445);
}

TEST(Served, HasNoPortWhereItIsUsedAtSeveral)
{
    auto two = sockets;
    two.push_back({"0.0.0.0", "0.0.0.0", 139, 15, true});
    two.push_back({"10.0.0.1", "10.0.0.2", 139, 16, false});
    auto const served = served_by({11, 16}, two);
    EXPECT_EQ(served.address, "10.0.0.2");
    EXPECT_EQ(served.port, 0);
}

TEST(Served, IsNobodyWhereNothingWasAccepted)
{
    EXPECT_FALSE(served_by({10, 14}, sockets).is_anybody);
}

TEST(Served, HasNoAddressWhereItIsSeveral)
{
    auto const served = served_by({11, 12}, sockets);
    EXPECT_TRUE(served.is_anybody);
    EXPECT_TRUE(served.address.empty());
}

TEST(Served, HasNoAddressWhereItIsTheServersThatListens)
{
    auto const served = served_by({10, 11}, sockets); // accepted, and not yet handed on
    EXPECT_TRUE(served.is_anybody);
    EXPECT_TRUE(served.address.empty());
}

TEST(Served, HasNoAddressWhereItIsThisHost)
{
    auto const served = served_by({13}, sockets);
    EXPECT_TRUE(served.is_anybody);
    EXPECT_TRUE(served.address.empty());
}

// A listening socket of this process, a client that is connected to it, and what was accepted.
class RemoteClientTest : public testing::Test {
protected:
    void SetUp() override
    {
        listening_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        client_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = reinterpret_cast<sockaddr*>(&here);
        socklen_t size = sizeof here;
        ASSERT_EQ(::bind(listening_.get(), address, size), 0);
        ASSERT_EQ(::listen(listening_.get(), 4), 0);
        ASSERT_EQ(::getsockname(listening_.get(), address, &size), 0);
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::connect(client_.get(), address, size), 0);
    }

    std::optional<RemoteClient> ask() const
    {
        auto reader = ProcessReader::create();
        auto key = reader.take().key_of(::getpid());
        auto const self = key.take();
        return remote_client_of(std::span(&self, 1));
    }

    UniqueFd listening_;
    UniqueFd client_;
};

TEST_F(RemoteClientTest, IsNobodyOfThisHost)
{
    UniqueFd const accepted(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_FALSE(ask()); // tests/scenario/run_smb.py has clients on others
}

TEST_F(RemoteClientTest, IsNobodyForAProcessThatIsGone)
{
    event::ProcessKey const gone{::getpid(), 1};
    EXPECT_FALSE(remote_client_of(std::span(&gone, 1)));
}

} // namespace
} // namespace tocsin::sensor
