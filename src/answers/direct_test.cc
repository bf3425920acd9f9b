// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/direct.h"

#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

class WithoutGuard : public testing::Test {
protected:
    Result<json::value> ask(std::string const& verb) const
    {
        return answer_without_guard(state_.path(), {verb, {{"id", 3}}, "alice"}, {});
    }

    test::TempDir state_;
};

class NeedsAGuard : public WithoutGuard, public testing::WithParamInterface<std::string> { };

TEST_P(NeedsAGuard, IsToldWhatStartsOne)
{
    auto refused = ask(GetParam());
    EXPECT_ERRC(Errc::not_found, refused);
    EXPECT_EQ("no guard runs on '" + state_.path() + "': `tocsin protect DIR` starts one, and '" + GetParam()
            + "' then works",
        refused.error().message());
}
INSTANTIATE_TEST_SUITE_P(Verbs, NeedsAGuard, testing::Values("stop", "release", "unprotect"),
    [](auto const& verb) { return verb.param; });

TEST_F(WithoutGuard, StatusIsAnAnswer)
{
    auto status = ask("status");
    ASSERT_OK(status);
    EXPECT_EQ("stopped", status.take().as_object().at("state").as_string());
}

TEST_F(WithoutGuard, VerbsAboutRecordsSayThatThereAreNone)
{
    auto refused = ask("incident");
    EXPECT_ERRC(Errc::not_found, refused);
    EXPECT_EQ("no guard has run on '" + state_.path() + "'", refused.error().message());
}

} // namespace
} // namespace tocsin::answers
