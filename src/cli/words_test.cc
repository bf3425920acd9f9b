// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/words.h"

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/cli/table.h"

namespace tocsin::cli {
namespace {

TEST(Words, GroupsDigitsByThousands)
{
    EXPECT_EQ("0", grouped(0));
    EXPECT_EQ("999", grouped(999));
    EXPECT_EQ("1,000", grouped(1000));
    EXPECT_EQ("18,446,744,073,709,551,615", grouped(~std::uint64_t{0}));
}

TEST(Words, SaysSizesInTheLargestUnitThatFits)
{
    EXPECT_EQ("1023 B", size_words(1023));
    EXPECT_EQ("1.0 KiB", size_words(1024));
    EXPECT_EQ("1.0 MiB", size_words(1024 * 1024 - 1));
    EXPECT_EQ("2.5 GiB", size_words(std::uint64_t{5} << 29));
}

TEST(Words, ReadsSizesAsPeopleTypeThem)
{
    EXPECT_EQ(1048576u, parse_size("1048576").take());
    EXPECT_EQ(500u << 20, parse_size("500M").take());
    EXPECT_EQ(std::uint64_t{10} << 30, parse_size("10GiB").take());
    EXPECT_EQ(1536u, parse_size("1.5K").take());
    for (auto const* wrong : {"", "G", "-1", "10X", "10 G", "nan", "1e30"})
        EXPECT_ERRC(Errc::invalid, parse_size(wrong));
}

TEST(Words, ShortensATimeForPeople)
{
    EXPECT_EQ("2026-11-24 08:04:41Z", short_time("2026-11-24T08:04:41.123456789Z"));
    EXPECT_EQ("", short_time(""));
}

TEST(Words, FindsTheAbsolutePathOfAFileThatIsGone)
{
    test::TempDir dir;
    auto real = sys::real_path(dir.path()).take();
    ASSERT_OK(sys::symlink_at(real, AT_FDCWD, dir / "link"));
    EXPECT_EQ(real + "/gone", absolute_path(dir / "link/gone").take());
    EXPECT_EQ(real + "/gone", absolute_path(dir / "x/../gone/").take());
    EXPECT_EQ(real + "/link", absolute_path(dir / "link").take()); // the link itself, not where it leads
    EXPECT_EQ(real, absolute_path(dir / "link/.").take());
    EXPECT_EQ("/", absolute_path("/").take());
    EXPECT_ERRC(Errc::invalid, absolute_path(""));
}

TEST(Table, AlignsByWhatATerminalShows)
{
    Table table({{"name"}, {"n", Align::right}});
    table.add({"žluť", "1"});
    table.add({"a", "1,000"});
    EXPECT_EQ("  name      n\n  žluť      1\n  a     1,000\n", table.text(2));
}

TEST(Table, QuotesWhatCouldMoveTheCursor)
{
    Table table({{"name"}});
    table.add({"a\x1b[2Jb\nc"});
    EXPECT_EQ("name\na\\x1b[2Jb\\x0ac\n", table.text(0));
}

TEST(Words, ReadsDurationsAsPeopleTypeThem)
{
    using namespace std::chrono_literals;
    EXPECT_EQ(90s, parse_duration("90s").take());
    EXPECT_EQ(30min, parse_duration("30m").take());
    EXPECT_EQ(2h, parse_duration("2h").take());
    EXPECT_EQ(0s, parse_duration("0").take());
    for (auto const* wrong : {"", "5", "-1s", "1.5h", "2d", "m", "99999999999s", "30m "})
        EXPECT_ERRC(Errc::invalid, parse_duration(wrong));
}

} // namespace
} // namespace tocsin::cli
