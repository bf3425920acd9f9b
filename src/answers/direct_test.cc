// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/direct.h"

#include "tocsin/base/test.h"
#include "tocsin/journal/journal.h"

namespace tocsin::answers {
namespace {

class WithoutGuard : public testing::Test {
protected:
    Result<json::value> ask(std::string const& verb) const
    {
        return answer_without_guard(state_.path(), {verb, {{"id", 3}}, "alice"}, {});
    }

    Result<json::value> unprotect(json::array paths) const
    {
        return answer_without_guard(state_.path(), {"unprotect", {{"paths", std::move(paths)}}, "alice"}, {});
    }

    void remember(std::vector<std::string> const& paths) const
    {
        auto journal = journal::Journal::open(state_ / "journal.db", journal::Access::read_write).take();
        std::vector<event::Record> changes;
        for (auto const& path : paths) {
            auto const number = static_cast<std::uint64_t>(changes.size() + 1);
            event::RootId const root{static_cast<std::int64_t>(number)};
            changes.emplace_back(
                event::RootChange{root, wall_now(), path, event::ObjectId{number}, true, {}});
        }
        ASSERT_OK(journal->append(changes));
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
INSTANTIATE_TEST_SUITE_P(
    Verbs, NeedsAGuard, testing::Values("stop", "release"), [](auto const& verb) { return verb.param; });

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

TEST_F(WithoutGuard, UnprotectTakesOffWhatIsRemembered)
{
    remember({"/gone/a", "/gone/b"});
    EXPECT_ERRC(Errc::not_found, unprotect({"/gone/a", "/gone/other"})); // all of them, or none
    auto status = unprotect({"/gone/a"});
    ASSERT_OK(status);
    auto const left = status.take().as_object().at("protected").as_array();
    ASSERT_EQ(1U, left.size());
    EXPECT_EQ("/gone/b", left[0].at("path").as_string());
}

TEST_F(WithoutGuard, UnprotectSaysThatNothingIsGuarded)
{
    auto const sentence =
        "nothing is guarded: no guard runs on '" + state_.path() + "', and it remembers no tree";
    auto refused = unprotect({"/gone/a"});
    EXPECT_ERRC(Errc::not_found, refused);
    EXPECT_EQ(sentence, refused.error().message());
    remember({"/gone/a"});
    ASSERT_OK(unprotect({"/gone/a"}));
    EXPECT_EQ(sentence, unprotect({"/gone/a"}).error().message());
}

} // namespace
} // namespace tocsin::answers
