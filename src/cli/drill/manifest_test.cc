// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/manifest.h"

#include <sys/stat.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/cli/drill/scenario.h"

namespace tocsin::cli {
namespace {

class ManifestTest : public testing::Test {
protected:
    ManifestTest()
    {
        write("a", "first");
        write("b", "second");
        (void)sys::symlink_at("a", AT_FDCWD, dir_ / "link").ok();
        before_ = take_manifest(dir_.path()).take();
    }
    void write(std::string const& name, std::string_view content)
    {
        auto fd = sys::open(dir_ / name, O_CREAT | O_WRONLY | O_TRUNC, 0640).take();
        ASSERT_OK(sys::write_all(fd.get(), as_bytes(content)));
    }
    // Writing touches the directory's time; put it back to what it was.
    Comparison compare_now()
    {
        auto after = take_manifest(dir_.path()).take();
        after.at("").mtime_ns = before_.at("").mtime_ns;
        return compare(before_, after);
    }

    test::TempDir dir_;
    Manifest before_;
};

TEST_F(ManifestTest, IsIdenticalWithItself)
{
    EXPECT_EQ(2u, count_files(before_));
    EXPECT_TRUE(compare_now().identical());
}

TEST_F(ManifestTest, CountsAnOverwrittenFileAsLost)
{
    write("a", "other");
    auto comparison = compare_now();
    EXPECT_EQ(1u, comparison.files_lost);
    EXPECT_EQ(5u, comparison.bytes_lost);
    ASSERT_EQ(1u, comparison.differences.size());
    EXPECT_EQ("has other content", comparison.differences[0].what);
}

TEST_F(ManifestTest, CountsADeletedFileAsLost)
{
    ASSERT_OK(sys::remove_at(AT_FDCWD, dir_ / "b", 0));
    auto comparison = compare_now();
    EXPECT_EQ(1u, comparison.files_lost);
    EXPECT_EQ(6u, comparison.bytes_lost);
    EXPECT_EQ("is gone", comparison.differences.at(0).what);
}

TEST_F(ManifestTest, NoticesRightsWithoutCountingALoss)
{
    ASSERT_EQ(0, ::chmod((dir_ / "a").c_str(), 0600));
    auto comparison = compare_now();
    EXPECT_EQ(1u, comparison.files_changed);
    EXPECT_EQ(0u, comparison.files_lost);
    EXPECT_EQ("has another mode", comparison.differences.at(0).what);
}

TEST_F(ManifestTest, NoticesWhatWasNotThere)
{
    write("note.txt", "pay");
    auto comparison = compare_now();
    EXPECT_EQ(0u, comparison.files_changed);
    EXPECT_EQ("was not there before", comparison.differences.at(0).what);
}

TEST(Scenario, MeasuresFromTheFirstChangeToTheGuardsFirstAnswer)
{
    json::value incident{{"activities",
                             json::array{json::value{{"kind", "opened"}, {"time", "2026-01-01T00:00:00Z"}},
                                 json::value{{"kind", "closed"}, {"time", "2026-01-01T00:00:01.5Z"}},
                                 json::value{{"kind", "deleted"}, {"time", "2026-01-01T00:00:01Z"}}}},
        {"actions",
            json::array{json::value{{"kind", "kill"}, {"time", "2026-01-01T00:00:01.1Z"}, {"by", "drill"}},
                json::value{{"kind", "freeze"}, {"time", "2026-01-01T00:00:01.25Z"}, {"by", "policy"}}}}};
    ASSERT_TRUE(seconds_to_freeze(incident).has_value());
    EXPECT_DOUBLE_EQ(0.25, *seconds_to_freeze(incident));
}

TEST(Scenario, SaysThatNothingWasFrozen)
{
    EXPECT_FALSE(seconds_to_freeze(json::value{{"activities", json::array{}}}).has_value());
    EXPECT_TRUE(to_json({{"rm", 1, 1, {}, 0, 0, 1, true, {}}})
            .at("scenarios")
            .at(0)
            .at("seconds_to_freeze")
            .is_null());
}

TEST(Scenario, PassesOnlyWhenEveryTreeIsIdentical)
{
    ScenarioResult good{"rm", 1, 1, {}, 0, 0, 1, true, {}};
    ScenarioResult bad{"mv", 1, 1, {}, 0, 0, 1, false, {}};
    EXPECT_TRUE(passed({good}));
    EXPECT_FALSE(passed({good, bad}));
    EXPECT_FALSE(passed({}));
}

} // namespace
} // namespace tocsin::cli
