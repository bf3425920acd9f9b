// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/never_cut.h"

#include "tocsin/base/test.h"

namespace tocsin::respond {
namespace {

NeverCut never(std::vector<std::string> const& words)
{
    return NeverCut::of(words).take();
}

TEST(NeverCutList, HoldsAddressesAndRangesOfBothFamilies)
{
    auto const list = never({"10.0.0.5", "10.1.0.0/16", "172.16.0.0/12", "2001:db8::/33"});
    EXPECT_TRUE(list.holds("10.0.0.5"));
    EXPECT_FALSE(list.holds("10.0.0.4"));
    EXPECT_TRUE(list.holds("10.1.255.1"));
    EXPECT_FALSE(list.holds("10.2.0.1"));
    EXPECT_TRUE(list.holds("172.31.0.1"));
    EXPECT_FALSE(list.holds("172.32.0.1"));
    EXPECT_TRUE(list.holds("2001:db8:7fff::1"));
    EXPECT_FALSE(list.holds("2001:db8:8000::1"));
}

TEST(NeverCutList, HoldsAllOfAFamilyByNoBits)
{
    EXPECT_TRUE(never({"0.0.0.0/0"}).holds("192.0.2.1"));
    EXPECT_FALSE(never({"0.0.0.0/0"}).holds("2001:db8::1"));
}

TEST(NeverCutList, HoldsNobodyWhereItIsEmpty)
{
    EXPECT_FALSE(never({}).holds("10.0.0.5"));
}

TEST(NeverCutList, RefusesWhatIsNoAddress)
{
    for (auto const* word :
        {"", "server", "10.0.0", "10.0.0.5/33", "10.0.0.5/", "10.0.0.5/-1", "/8", "::/129"})
        EXPECT_FALSE(refuse_what_is_no_address(word).empty()) << word;
    EXPECT_EQ("", refuse_what_is_no_address("10.0.0.5/8"));
}

} // namespace
} // namespace tocsin::respond
