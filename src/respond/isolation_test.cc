// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/isolation.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"
#include "tocsin/respond/isolation_proof.h"

namespace tocsin::respond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string words_for(std::string const& word)
{
    auto const allowed = Allowed::parse(word).take();
    return words_to_isolate(std::span(&allowed, 1), std::chrono::seconds(90));
}

TEST(IsolationRules, EndByTheKernelsOwnClock)
{
    EXPECT_THAT(words_for("10.0.0.5"), HasSubstr("elements = { ipv4 timeout 90s, ipv6 timeout 90s }"));
}

TEST(IsolationRules, LetAnAddressThroughBothWays)
{
    EXPECT_THAT(
        words_for("10.1.0.0/16"), HasSubstr("    ip daddr 10.1.0.0/16 accept comment \"10.1.0.0/16\"\n"));
    EXPECT_THAT(words_for("2001:db8::1"), HasSubstr("    ip6 saddr 2001:db8::1 accept\n"));
}

TEST(IsolationRules, LetNobodyConnectFromTheirServicesPort)
{
    auto const words = words_for("[2001:db8::1]:443");
    EXPECT_THAT(words,
        HasSubstr("    ip6 daddr 2001:db8::1 meta l4proto { tcp, udp } th dport 443 accept "
                  "comment \"[2001:db8::1]:443\"\n"));
    EXPECT_THAT(
        words, HasSubstr("    ip6 saddr 2001:db8::1 tcp sport 443 tcp flags & (syn | ack) != syn accept\n"));
    EXPECT_THAT(words, HasSubstr("    ip6 saddr 2001:db8::1 udp sport 443 accept\n"));
}

// As nft 1.0.6 lists it.
constexpr std::string_view listed = R"({"nftables": [
  {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
  {"table": {"family": "inet", "name": "tocsin_isolation", "handle": 2}},
  {"set": {"family": "inet", "name": "isolated", "table": "tocsin_isolation", "type": "nf_proto", "handle": 1,
    "flags": ["timeout"], "elem": [{"elem": {"val": "ipv4", "timeout": 4, "expires": 3}},
                                   {"elem": {"val": "ipv6", "timeout": 4, "expires": 3}}]}},
  {"rule": {"family": "inet", "chain": "to_allowed", "comment": "10.9.0.7", "expr": [{"accept": null}]}},
  {"rule": {"family": "inet", "chain": "to_allowed", "comment": "10.9.1.0/24:443", "expr": [{"accept": null}]}},
  {"rule": {"family": "inet", "chain": "input", "expr": [{"counter": {"packets": 5, "bytes": 300}}, {"drop": null}]}},
  {"rule": {"family": "inet", "chain": "output", "expr": [{"counter": {"packets": 6, "bytes": 300}}, {"drop": null}]}},
  {"rule": {"family": "inet", "chain": "forward", "expr": [{"counter": {"packets": 7, "bytes": 1}}, {"drop": null}]}}
]})";

TEST(IsolationRules, AreTheirOwnRecord)
{
    auto const found = parse_isolation(listed).take();
    EXPECT_TRUE(found.is_on);
    EXPECT_EQ(std::chrono::seconds(3), found.left);
    EXPECT_THAT(found.allowed, ElementsAre("10.9.0.7", "10.9.1.0/24:443"));
    EXPECT_EQ((Isolation::Dropped{5, 6, 7}), found.dropped);
}

TEST(IsolationRules, AreOffWhenTheKernelHasForgottenTheSetsElements)
{
    auto const found =
        parse_isolation(R"({"nftables": [{"set": {"name": "isolated", "flags": ["timeout"]}}]})").take();
    EXPECT_FALSE(found.is_on);
}

TEST(IsolationRules, AreNotReadFromAnythingElse)
{
    for (auto const* text : {"", "{}", "[]", "null", R"({"nftables": 1})", R"({"nftables": [})"})
        EXPECT_ERRC(Errc::corrupt, parse_isolation(text));
    EXPECT_FALSE(
        parse_isolation(R"({"nftables": [1, {"set": 2}, {"rule": {"expr": [null]}}]})").take().is_on);
}

TEST(ProofOfIsolation, HoldsOnlyWhereSomethingWasRefusedAndNothingWentOut)
{
    EXPECT_TRUE((IsolationProof{{"192.0.2.1"}, {}, {}}.holds()));
    EXPECT_FALSE((IsolationProof{{"192.0.2.1"}, {"10.0.0.8"}, {}}.holds()));
    EXPECT_FALSE((IsolationProof{{}, {}, {}}.holds()));
}

} // namespace
} // namespace tocsin::respond
