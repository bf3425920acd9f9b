// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/asked_from.h"

#include "tocsin/base/test.h"

namespace tocsin::guard {
namespace {

using namespace std::string_literals;

TEST(AskedFrom, IsTheClientOfTheSshConnection)
{
    EXPECT_EQ(
        "10.0.0.9", ssh_client_in("HOME=/root\0SSH_CONNECTION=10.0.0.9 50022 10.0.0.1 22\0TERM=vt100\0"s));
    EXPECT_EQ("2001:db8::9", ssh_client_in("SSH_CONNECTION=2001:db8::9 50022 2001:db8::1 22\0"s));
    EXPECT_EQ("fe80::9", ssh_client_in("SSH_CONNECTION=fe80::9%eth0 50022 fe80::1%eth0 22\0"s));
    EXPECT_EQ("10.0.0.9", ssh_client_in("SSH_CONNECTION=10.0.0.9")); // cut off by the bound
}

TEST(AskedFrom, IsNobodyElse)
{
    for (auto const& environment :
        {""s, "\0\0"s, "SSH_CONNECTION=\0"s, "SSH_CONNECTION=UNKNOWN 1\0"s, "SSH_CONNECTION=10.0.0.0/8 1\0"s,
            "XSSH_CONNECTION=10.0.0.9 1\0"s, "A=SSH_CONNECTION=10.0.0.9 1\0"s})
        EXPECT_EQ(std::nullopt, ssh_client_in(environment));
}

TEST(AskedFrom, IsNobodyForNoProcess)
{
    EXPECT_EQ(std::nullopt, asked_from(0));
}

} // namespace
} // namespace tocsin::guard
