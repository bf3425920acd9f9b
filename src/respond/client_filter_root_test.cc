// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/client_filter.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"
#include "tocsin/respond/testing/network.h"

namespace tocsin::respond {
namespace {

using testing::HasSubstr;
using testing::Not;

class ClientFilterInANetwork : public testing::Test {
protected:
    void SetUp() override
    {
        if (!network_.is_made())
            GTEST_SKIP() << "needs root and nft";
    }
    event::ClientAddress client(std::string address) const
    {
        return {std::move(address), 445, network_.number()};
    }

    OwnNetwork network_{""};
};

TEST_F(ClientFilterInANetwork, KeepsOutAndGoesWithItsLastClient)
{
    ASSERT_OK(keep_out(client("10.0.0.2")));
    ASSERT_OK(keep_out(client("2001:db8::2")));
    EXPECT_THAT(network_.ruleset(), HasSubstr("10.0.0.2 . 445"));

    EXPECT_EQ(Admitted::yes, admit(client("10.0.0.2")).take());
    EXPECT_THAT(network_.ruleset(), Not(HasSubstr("10.0.0.2 . 445")));
    EXPECT_THAT(network_.ruleset(), HasSubstr("2001:db8::2 . 445"));

    EXPECT_EQ(Admitted::yes, admit(client("2001:db8::2")).take());
    EXPECT_EQ("", network_.ruleset());
}

TEST_F(ClientFilterInANetwork, MayBeAskedTwice)
{
    ASSERT_OK(keep_out(client("10.0.0.2")));
    ASSERT_OK(keep_out(client("10.0.0.2")));
    EXPECT_EQ(Admitted::yes, admit(client("10.0.0.2")).take());
    EXPECT_EQ(Admitted::was_not_kept_out, admit(client("10.0.0.2")).take());
}

TEST_F(ClientFilterInANetwork, LeavesTheTablesOfOthersAlone)
{
    auto const made = network_.run({"/usr/sbin/nft", "-f", "-"},
        "add table inet others\nadd chain inet others input { type filter hook input priority 0; }\n");
    ASSERT_EQ(0, made.status) << made.said;
    auto const before = network_.ruleset();
    ASSERT_OK(keep_out(client("10.0.0.2")));
    ASSERT_OK(admit(client("10.0.0.2")));
    EXPECT_EQ(before, network_.ruleset());
}

TEST_F(ClientFilterInANetwork, IsOverWithTheNetwork)
{
    ASSERT_OK(keep_out(client("10.0.0.2")));
    network_.end();
    EXPECT_EQ(Admitted::was_not_kept_out, admit(client("10.0.0.2")).take());
    EXPECT_ERRC(Errc::not_found, keep_out(client("10.0.0.2")));
}

TEST_F(ClientFilterInANetwork, TellsWhatAProgramSaidAndHowItEnded)
{
    auto const ended = network_.run({"/usr/sbin/nft", "-f", "-"}, "nonsense\n");
    EXPECT_EQ(1, ended.status);
    EXPECT_THAT(ended.said, HasSubstr("syntax error"));
}

TEST_F(ClientFilterInANetwork, SaysThatAProgramIsNotThere)
{
    auto const found = find_network(network_.number()).take();
    EXPECT_ERRC(Errc::not_found, run_in_network(found.get(), {"/usr/sbin/no-such-program"}, {}));
}

} // namespace
} // namespace tocsin::respond
