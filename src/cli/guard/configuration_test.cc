// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/guard/configuration.h"

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::cli {
namespace {

TEST(Configuration, TellsAllThatAGuardIsStartedWith)
{
    auto read = parse_configuration("[protect]\n"
                                    "paths = [\"/srv/office\", \"/home\"]\n"
                                    "exclude = [\"*.tmp\", \"/srv/office/cache/*\"]\n"
                                    "repository = \"/mnt/vault\" # a disk of its own\n"
                                    "reserve = \"50G\"\n"
                                    "respond = \"observe\"\n"
                                    "never_cut = [\"10.0.0.5\", \"10.1.0.0/16\"]\n"
                                    "[isolation]\n"
                                    "allow = [\"10.0.0.9\", \"[2001:db8::5]:443\"]\n",
        "t.toml");
    EXPECT_EQ((Configuration{{"/srv/office", "/home"}, {"*.tmp", "/srv/office/cache/*"}, "/mnt/vault",
                  "observe", "50G", {"10.0.0.5", "10.1.0.0/16"}, {"10.0.0.9", "[2001:db8::5]:443"}}),
        read.take());
}

TEST(Configuration, MaySayNothing)
{
    EXPECT_EQ(Configuration{}, parse_configuration("", "t.toml").take());
    EXPECT_EQ(Configuration{}, parse_configuration("[protect]\n", "t.toml").take());
    EXPECT_EQ(Configuration{}, parse_configuration("\xEF\xBB\xBF[protect]\n", "t.toml").take());
}

struct Wrong {
    std::string text;
    std::string sentence;
};

class WrongConfiguration : public testing::TestWithParam<Wrong> { };

TEST_P(WrongConfiguration, IsRefusedWithItsLine)
{
    auto read = parse_configuration(GetParam().text, "t.toml");
    EXPECT_ERRC(Errc::invalid, read);
    EXPECT_EQ(GetParam().sentence, read.error().message());
}

INSTANTIATE_TEST_SUITE_P(Kinds, WrongConfiguration,
    testing::Values(Wrong{"[protect]\npath = [\"/srv\"]\n",
                        "t.toml:2: there is no key 'path' in [protect]; there are paths, exclude, "
                        "repository, reserve, respond and never_cut"},
        Wrong{"\n[protekt]\n", "t.toml:2: there is no table 'protekt'; there are [protect] and [isolation]"},
        Wrong{
            "[isolation]\npaths = []\n", "t.toml:2: there is no key 'paths' in [isolation]; there is allow"},
        Wrong{"[isolation]\nallow = [\"0.0.0.0/0\"]\n",
            "t.toml:2: 'allow': '0.0.0.0/0' is everybody: that isolates from nobody"},
        Wrong{"protect = 1\n", "t.toml:1: 'protect' is a table: [protect]"},
        Wrong{"[protect]\npaths = \"/srv\"\n", "t.toml:2: 'paths' is a list of strings: paths = [\"…\"]"},
        Wrong{"[protect]\npaths = [\n\"/srv\",\n7]\n", "t.toml:4: 'paths' is a string: paths = \"…\""},
        Wrong{"[protect]\npaths = [\"srv\"]\n", "t.toml:2: 'paths': a path begins with /"},
        Wrong{"[protect]\nexclude = [\"\"]\n", "t.toml:2: 'exclude': it is empty"},
        Wrong{"[protect]\nreserve = 50\n", "t.toml:2: 'reserve' is a string: reserve = \"…\""}));

TEST(Configuration, RefusesWhatTheCommandLineWouldRefuse)
{
    EXPECT_ERRC(Errc::invalid, parse_configuration("[protect]\nreserve = \"many\"\n", "t.toml"));
    EXPECT_ERRC(Errc::invalid, parse_configuration("[protect]\nrespond = \"kill\"\n", "t.toml"));
    EXPECT_ERRC(Errc::invalid, parse_configuration("[protect]\nnever_cut = [\"server\"]\n", "t.toml"));
}

TEST(Configuration, TakesAnyCharacterInStringsAndComments)
{
    auto read = parse_configuration("# für alle: \"\n[protect] # ünd\n"
                                    "paths = [\"/srv/Büro \\\" #\", '/srv/日本 \"']\n"
                                    "exclude = [\"\"\"\né\"\"\"]\n",
        "t.toml");
    ASSERT_OK(read);
    auto const out = read.take();
    EXPECT_EQ((std::vector<std::string>{"/srv/Büro \" #", "/srv/日本 \""}), out.paths);
    EXPECT_EQ(std::vector<std::string>{"é"}, out.excludes);
}

TEST(Configuration, RefusesOtherCharactersElsewhere)
{
    auto key = parse_configuration("[protect]\npäths = []\n", "t.toml");
    EXPECT_ERRC(Errc::invalid, key);
    EXPECT_ERRC(Errc::invalid, parse_configuration("[protect]\npaths = [] é\n", "t.toml"));
    EXPECT_ERRC(Errc::invalid, parse_configuration("\n\xEF\xBB\xBEx = 1\n", "t.toml"));
}

TEST(Configuration, TakesPercentSignsAsTheyAre)
{
    auto const out =
        parse_configuration("[protect]\npaths = [\"/srv/100%\", '/srv/%C3%25', \"/srv/%\"]\n", "t.toml")
            .take();
    EXPECT_EQ((std::vector<std::string>{"/srv/100%", "/srv/%C3%25", "/srv/%"}), out.paths);
}

TEST(Configuration, RefusesWhatIsNoToml)
{
    auto read = parse_configuration("[protect]\npaths = [\"/srv\"\nreserve = \"1G\"\n", "t.toml");
    EXPECT_ERRC(Errc::invalid, read);
    EXPECT_TRUE(read.error().message().starts_with("t.toml:3: ")) << read.error().message();
    EXPECT_ERRC(Errc::invalid, parse_configuration(std::string(2000, '['), "t.toml"));
}

TEST(Configuration, IsAFileOfOneMebibyteAtMost)
{
    test::TempDir dir;
    EXPECT_ERRC(Errc::not_found, read_configuration(dir / "nothing.toml"));
    auto file = sys::open(dir / "large.toml", O_WRONLY | O_CREAT, 0600).take();
    ASSERT_OK(sys::truncate(file.get(), (1 << 20) + 1));
    EXPECT_FALSE(read_configuration(dir / "large.toml").ok());
}

TEST(Configuration, SaysInWordsThatTheFileIsNotThere)
{
    auto missing = read_configuration("/nonesuch/tocsin.toml");
    EXPECT_ERRC(Errc::not_found, missing);
    EXPECT_EQ("the configuration '/nonesuch/tocsin.toml' does not exist", missing.error().message());
}

} // namespace
} // namespace tocsin::cli
