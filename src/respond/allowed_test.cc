// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/allowed.h"

#include "tocsin/base/test.h"

namespace tocsin::respond {
namespace {

std::string again(std::string const& word)
{
    return Allowed::parse(word).take().text();
}

TEST(AllowedPlaces, AreWrittenAsTheyAreRead)
{
    for (auto const* word : {"10.0.0.5", "10.1.0.0/16", "10.0.0.5:443", "10.1.0.0/16:443", "2001:db8::1",
             "2001:db8::/32", "[2001:db8::1]:443", "[2001:db8::]/32:443"})
        EXPECT_EQ(word, again(word));
}

TEST(AllowedPlaces, HaveOneForm)
{
    EXPECT_EQ("10.1.0.0/16", again("10.1.2.3/16"));
    EXPECT_EQ("10.0.0.5", again("10.0.0.5/32"));
    EXPECT_EQ("2001:db8::1", again("2001:0DB8:0::1"));
    EXPECT_EQ("2001:db8::1", again("[2001:db8::1]"));
    EXPECT_EQ("2001:db8:8000::/33", again("2001:db8:ffff::/33"));
}

TEST(AllowedPlaces, AreNothingElse)
{
    for (auto const* word :
        {"", "server", "server:443", "10.0.0", "10.0.0.5:", "10.0.0.5:0", "10.0.0.5:65536", "10.0.0.5:https",
            "10.0.0.5:443:1", "10.0.0.5/", "10.0.0.5/33", "10.0.0.5:443/8", "[10.0.0.5]:443", "[2001:db8::1",
            "2001:db8::1]:443", "[2001:db8::1/64]:443", "[2001:db8::1]443", "fe80::1%eth0", "10.0.0.5 accept",
            "10.0.0.5\n", " 10.0.0.5", "10.0.0.5 }; flush ruleset"})
        EXPECT_ERRC(Errc::invalid, Allowed::parse(word));
    EXPECT_ERRC(Errc::invalid, Allowed::parse(std::string("10.0.0.5\0:1", 11)));
}

TEST(AllowedPlaces, AreNotEverybody)
{
    EXPECT_NE(std::string::npos, refuse_what_cannot_be_allowed("0.0.0.0/0").find("everybody"));
    EXPECT_NE(std::string::npos, refuse_what_cannot_be_allowed("[::]/0:443").find("everybody"));
}

TEST(AllowedPlaces, AreIPv4AsPacketsCarryIt)
{
    EXPECT_NE(std::string::npos, refuse_what_cannot_be_allowed("::ffff:10.0.0.5").find("IPv4"));
}

TEST(AddressRanges, HoldWhatIsAllInThem)
{
    auto const range = [](std::string const& word) { return AddressRange::parse(word).take(); };
    EXPECT_TRUE(range("10.0.0.0/8").holds(range("10.1.0.0/16")));
    EXPECT_FALSE(range("10.1.0.0/16").holds(range("10.0.0.0/8")));
    EXPECT_FALSE(range("10.0.0.0/8").holds(range("a00::1")));
}

} // namespace
} // namespace tocsin::respond
