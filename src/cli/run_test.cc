// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/run.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <set>
#include <sstream>
#include <unistd.h>

#include "tocsin/base/test.h"
#include "tocsin/cli/asker.h"

namespace tocsin::cli {
namespace {

using testing::HasSubstr;

// A guard made of words: remembers what it was asked, says what it was told to say.
class FakeAsker final : public Asker {
public:
    Result<json::value> ask(answers::Request const& request, answers::ProgressSink const& sink) override
    {
        asked.push_back(request);
        sink({1, 2, 0, "working"});
        if (refusal)
            return *refusal;
        return answer;
    }

    std::vector<answers::Request> asked;
    json::value answer = json::object{};
    std::optional<Error> refusal;
};

class RunTest : public testing::Test {
protected:
    int run(std::vector<std::string> const& arguments)
    {
        Console console(out_, err_, shows_);
        return run_with(arguments, console, common_, asker_);
    }

    Common common_;
    FakeAsker asker_;
    Shows shows_ = Shows::nothing;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(RunTest, PrintsTheGuardsAnswerAsItIs)
{
    asker_.answer = json::value{{"state", "guarding"}, {"further", json::array{1, 2}}};
    EXPECT_EQ(exit_done, run({"status", "--json"}));
    EXPECT_EQ("{\"state\":\"guarding\",\"further\":[1,2]}\n", out_.str());
    EXPECT_EQ("", err_.str());
}

TEST_F(RunTest, TakesStateAndJsonBeforeTheVerb)
{
    EXPECT_EQ(exit_done, run({"--state", "/srv/state", "--json", "incidents"}));
    EXPECT_EQ("/srv/state", common_.state_dir);
    EXPECT_EQ(Form::json, common_.form());
}

TEST_F(RunTest, TakesStateAndJsonAfterTheVerb)
{
    EXPECT_EQ(exit_done, run({"incidents", "--json", "--state", "/srv/state"}));
    EXPECT_EQ("/srv/state", common_.state_dir);
    EXPECT_EQ(Form::json, common_.form());
}

TEST_F(RunTest, SaysWhyItIsNotDoneInOneSentence)
{
    asker_.refusal = Error(Errc::not_found, "there is no incident 9");
    EXPECT_EQ(exit_not_done, run({"incident", "9"}));
    EXPECT_EQ("", out_.str());
    EXPECT_EQ("tocsin: incident: there is no incident 9\n", err_.str());
}

TEST_F(RunTest, RefusesADrillWithinWhatIsGuarded)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "a drill needs root";
    test::TempDir tree;
    auto const path = std::filesystem::canonical(tree.path()).string();
    asker_.answer = json::value{{"state", "guarding"}, {"protected", json::array{{{"path", path}}}}};
    EXPECT_EQ(exit_not_done, run({"drill", "--work", path}));
    EXPECT_EQ("tocsin: drill: '" + path + "' lies in '" + path
            + "', which is guarded: choose another place with --work\n",
        err_.str());
}

TEST_F(RunTest, SaysThatTheDrillsPlaceIsNotThere)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "a drill needs root";
    EXPECT_EQ(exit_not_done, run({"drill", "--work", "/nonesuch"}));
    EXPECT_EQ("tocsin: drill: '/nonesuch' does not exist\n", err_.str());
}

TEST_F(RunTest, ShowsWhateverTheStateIsAndIsDone)
{
    asker_.answer = json::value{{"state", "blind"}, {"reason", "no descriptors are left"}};
    EXPECT_EQ(exit_done, run({"status"}));
    EXPECT_THAT(out_.str(), HasSubstr("blind: no descriptors are left"));
    EXPECT_EQ("", err_.str());
}

struct WrongUsage {
    std::string name;
    std::vector<std::string> arguments;
    std::string says;
};

class WrongUsageTest : public RunTest, public testing::WithParamInterface<WrongUsage> { };

TEST_P(WrongUsageTest, IsStatusTwoAndOneLine)
{
    EXPECT_EQ(exit_wrong_usage, run(GetParam().arguments));
    EXPECT_THAT(err_.str(), HasSubstr(GetParam().says));
    EXPECT_EQ(1, std::ranges::count(err_.str(), '\n'));
    EXPECT_TRUE(asker_.asked.empty());
    EXPECT_EQ("", out_.str());
}

INSTANTIATE_TEST_SUITE_P(Cli, WrongUsageTest,
    testing::Values(WrongUsage{"NoVerb", {}, "no verb is given"},
        WrongUsage{
            "UnknownVerb", {"--state", "/x", "explode"}, "there is no verb 'explode' (see tocsin --help)"},
        WrongUsage{"UnknownOption", {"status", "--loud"}, "--loud"},
        WrongUsage{"UnknownOptionWithoutAVerb", {"--frob"}, "--frob"},
        WrongUsage{"NothingToProtect", {"protect"}, "PATH is required (see tocsin protect --help)"},
        WrongUsage{"NoNumber", {"undo", "three"}, "'three' is no number from 1"},
        WrongUsage{"NoIncidentZero", {"stop", "0"}, "'0' is no number from 1"},
        WrongUsage{"NoPath", {"versions"}, "PATH is required (see tocsin versions --help)"},
        WrongUsage{"NoMoment", {"restore", "/a"}, "--at TIME or --version N"},
        WrongUsage{"TwoMoments", {"restore", "/a", "--at", "@5", "--version", "3"}, "excludes"},
        WrongUsage{"NoTime", {"restore", "/a", "--at", "teatime"}, "teatime"},
        WrongUsage{"UnknownAnswer", {"protect", "/a", "--respond", "bite"}, "bite"},
        WrongUsage{"NoSize", {"protect", "/a", "--reserve", "lots"}, "lots"},
        WrongUsage{"RelativeRepository", {"protect", "/a", "--repository", "repo"}, "a path begins with /"},
        WrongUsage{"UnknownDestroyer", {"drill", "--only", "fire"}, "fire"}),
    [](auto const& tested) { return tested.param.name; });

TEST_F(RunTest, HasHelpWithAnExampleForEachVerb)
{
    for (auto const& verb : all_verbs()) {
        out_.str("");
        std::string name(verb->words().name);
        EXPECT_EQ(exit_done, run({name, "--help"})) << name;
        EXPECT_THAT(out_.str(), HasSubstr("tocsin " + name)) << name;
        EXPECT_THAT(out_.str(), HasSubstr("--json")) << name;
        EXPECT_THAT(out_.str(), HasSubstr("--state")) << name;
    }
}

TEST(StateAsker, SaysThatItNeedsRoot)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "nobody can be somebody else but root";
    test::TempDir dir; // of mode 0700
    auto const state = dir.path();
    StateAsker asker(state);
    ASSERT_EQ(0, ::seteuid(65534));
    auto refused = asker.ask({"status", {}, "nobody"}, {});
    ASSERT_EQ(0, ::seteuid(0));
    EXPECT_ERRC(Errc::denied, refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("this needs root"));
}

TEST_F(RunTest, TakesHelpAsAVerb)
{
    EXPECT_EQ(exit_done, run({"help"}));
    EXPECT_THAT(out_.str(), HasSubstr("unprotect"));
    EXPECT_EQ(exit_done, run({"help", "undo"}));
    EXPECT_THAT(out_.str(), HasSubstr("tocsin undo 3 --dry-run"));
}

TEST_F(RunTest, SendsWhatAnUndoIsAskedFor)
{
    asker_.answer = json::value{{"incident", 3}, {"restored", 7}, {"failed", 0}};
    EXPECT_EQ(exit_done, run({"undo", "3", "--dry-run", "--to", "/srv/other/"}));
    ASSERT_EQ(1u, asker_.asked.size());
    EXPECT_EQ("undo", asker_.asked[0].verb);
    EXPECT_EQ((json::object{{"id", 3}, {"dry_run", true}, {"to", "/srv/other"}}), asker_.asked[0].args);
    EXPECT_EQ(invoking_user(), asker_.asked[0].user);
}

TEST_F(RunTest, PrintsAnIncompleteUndoAndStillFails)
{
    asker_.answer = json::value{{"incident", 3}, {"restored", 7}, {"failed", 2},
        {"notes", json::array{json::value{{"path", "/a"}, {"what", "failed"}, {"why", "No space left"}}}}};
    EXPECT_EQ(exit_not_done, run({"undo", "3"}));
    EXPECT_THAT(out_.str(), HasSubstr("failed: /a: No space left"));
    EXPECT_EQ("tocsin: undo: 2 objects could not be put back\n", err_.str());
}

TEST_F(RunTest, SendsWhatARestoreIsAskedFor)
{
    EXPECT_EQ(exit_done, run({"restore", "/srv/a", "/srv/b", "--version", "812", "--to", "/tmp"}));
    EXPECT_EQ((json::object{{"paths", json::array{"/srv/a", "/srv/b"}}, {"version", 812}, {"to", "/tmp"}}),
        asker_.asked.at(0).args);
    EXPECT_EQ(exit_done, run({"restore", "/srv/a", "--at", "2026-11-24 09:00"}));
    EXPECT_EQ((json::object{{"paths", json::array{"/srv/a"}}, {"at", "2026-11-24 09:00"}}),
        asker_.asked.at(1).args);
}

TEST_F(RunTest, SendsNamesThatAreNoUtf8)
{
    EXPECT_EQ(exit_done, run({"versions", "/srv/caf\xe9"}));
    EXPECT_EQ("/srv/caf\xe9", answers::bytes_of(asker_.asked.at(0).args.at("path")).take());
}

TEST_F(RunTest, FailsWhenTheCheckFindsDamage)
{
    asker_.answer = json::value{{"ok", false}, {"problems", json::array{"pack 'ab' is gone"}}};
    EXPECT_EQ(exit_not_done, run({"check", "--read-data"}));
    EXPECT_THAT(out_.str(), HasSubstr("pack 'ab' is gone"));
    EXPECT_EQ((json::object{{"read_data", true}}), asker_.asked.at(0).args);
}

TEST_F(RunTest, SendsWhoIsAllowedAndForHowLong)
{
    asker_.answer = json::value{{"isolated", true}, {"until", "2026-11-28T06:05:12.000000000Z"},
        {"allowed", json::array{"10.0.0.9"}}, {"asked_from", nullptr}, {"proved", true}, {"reason", "tried"}};
    EXPECT_EQ(exit_done, run({"isolate", "--allow", "10.0.0.9", "--for", "2h"}));
    EXPECT_EQ((json::object{{"allow", json::array{"10.0.0.9"}}, {"seconds", 7200}}), asker_.asked.at(0).args);
    EXPECT_THAT(out_.str(), HasSubstr("isolated until 2026-11-28 06:05:12Z\nallowed: 10.0.0.9\n"));
    EXPECT_EQ(exit_done, run({"isolate", "--end"}));
    EXPECT_EQ((json::object{{"end", true}}), asker_.asked.at(1).args);
}

TEST_F(RunTest, FailsWhenAnIsolationIsNotProved)
{
    asker_.answer = json::value{{"isolated", true}, {"proved", false}, {"reason", "it went out"}};
    EXPECT_EQ(exit_not_done, run({"isolate"}));
    EXPECT_THAT(out_.str(), HasSubstr("NOT PROVED: it went out"));
    EXPECT_EQ("tocsin: isolate: the isolation does not hold, as far as that could be tried: it went out\n",
        err_.str());
}

TEST_F(RunTest, IsolatesFromNobodyElseThanItIsTold)
{
    for (auto const* allow : {"0.0.0.0/0", "10.0.0.9; flush ruleset", "server"})
        EXPECT_EQ(exit_wrong_usage, run({"isolate", "--allow", allow})) << allow;
    for (auto const* time : {"0", "25h", "-1h", "soon"})
        EXPECT_EQ(exit_wrong_usage, run({"isolate", "--for", time})) << time;
    EXPECT_EQ(exit_wrong_usage, run({"isolate", "--end", "--for", "1h"}));
    EXPECT_TRUE(asker_.asked.empty());
}

TEST_F(RunTest, ShowsProgressOnATerminalOnly)
{
    EXPECT_EQ(exit_done, run({"incidents"}));
    EXPECT_EQ(std::string::npos, err_.str().find("working"));
    shows_ = Shows::progress;
    EXPECT_EQ(exit_done, run({"incidents"}));
    EXPECT_THAT(err_.str(), HasSubstr("working: 1 of 2"));
    EXPECT_EQ(std::string::npos, out_.str().find("working"));
}

TEST_F(RunTest, ProtectsNothingThatDoesNotExist)
{
    asker_.answer = json::value{{"state", "stopped"}};
    EXPECT_EQ(exit_not_done, run({"protect", "/nonexistent/tree", "--state", "/tmp/nonexistent-state"}));
    EXPECT_EQ(1, std::ranges::count(err_.str(), '\n'));
    for (auto const& request : asker_.asked)
        EXPECT_EQ("status", request.verb);
}

TEST_F(RunTest, DoesNotChangeHowARunningGuardResponds)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "guarding needs root";
    asker_.answer = json::value{{"state", "guarding"}};
    EXPECT_EQ(exit_not_done, run({"protect", "/srv", "--respond", "observe", "--state", "/tmp"}));
    EXPECT_THAT(err_.str(), HasSubstr("--respond"));
    for (auto const& request : asker_.asked)
        EXPECT_EQ("status", request.verb);
}

TEST(Verbs, AreNamedOnce)
{
    std::set<std::string_view> names;
    for (auto const& verb : all_verbs())
        EXPECT_TRUE(names.insert(verb->words().name).second) << verb->words().name;
}

} // namespace
} // namespace tocsin::cli
