// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tocsin/base/test.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::respond {
namespace {

// A client of this host, and what was accepted from it.
class ConnectionTest : public testing::Test {
protected:
    void SetUp() override
    {
        UniqueFd const listening(
            ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)); // as smbd's: IPv4 comes mapped
        sockaddr_in6 here{};
        here.sin6_family = AF_INET6;
        here.sin6_addr = in6addr_any;
        auto* address = reinterpret_cast<sockaddr*>(&here);
        socklen_t size = sizeof here;
        if (::bind(listening.get(), address, size) != 0)
            GTEST_SKIP() << "no IPv6 here";
        ASSERT_EQ(::listen(listening.get(), 1), 0);
        ASSERT_EQ(::getsockname(listening.get(), address, &size), 0);
        port_ = ntohs(here.sin6_port);
        client_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in there{};
        there.sin_family = AF_INET;
        there.sin_port = here.sin6_port;
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::connect(client_.get(), reinterpret_cast<sockaddr*>(&there), sizeof there), 0);
        accepted_ = UniqueFd(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ASSERT_EQ(::send(client_.get(), "request", 7, 0), 7);
    }

    UniqueFd client_;
    UniqueFd accepted_;
    std::uint16_t port_ = 0;
};

TEST_F(ConnectionTest, IsTakenDownWithAllThatWasNotRead)
{
    ASSERT_TRUE(take_down_if_of(accepted_.get(), {"127.0.0.1", port_, 0}));
    char read = 0;
    EXPECT_EQ(-1, ::recv(accepted_.get(), &read, 1, 0));
    EXPECT_EQ(ECONNRESET, errno);
    EXPECT_EQ(-1, ::recv(client_.get(), &read, 1, 0));
    EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(ConnectionTest, IsLeftAloneWhereItIsAnother)
{
    EXPECT_FALSE(take_down_if_of(accepted_.get(), {"127.0.0.2", port_, 0}));
    EXPECT_FALSE(take_down_if_of(accepted_.get(), {"127.0.0.1", static_cast<std::uint16_t>(port_ + 1), 0}));
    char read = 0;
    EXPECT_EQ(1, ::recv(accepted_.get(), &read, 1, 0));
}

} // namespace
} // namespace tocsin::respond
