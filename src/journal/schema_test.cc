// SPDX-License-Identifier: Apache-2.0
// Older files are brought up to date, newer and foreign ones are refused.
#include <array>

#include "tocsin/journal/schema.h"
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

class Schema : public testing::Test {
protected:
    Database open() { return Database::open(path, Database::Mode::create).take(); }
    // The released first version of a journal, as a program of that time wrote it.
    void write_version_1()
    {
        auto sql = sys::read_text(std::string(TESTDATA) + "/journal-v1.sql", 1 << 20).take();
        auto database = open();
        ASSERT_OK(database.script(sql));
    }

    tocsin::test::TempDir directory;
    std::string path = directory / "journal.db";
};

constexpr std::array<Step, 1> first{"CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (5)"};
constexpr std::array<Step, 2> second{
    first[0], "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b SELECT x FROM a"};

TEST_F(Schema, OfAnOldFileGetsTheStepsItLacks)
{
    auto database = open();
    ASSERT_OK(ensure_schema(database, first));
    ASSERT_OK(ensure_schema(database, second));
    EXPECT_EQ(5, database.number("SELECT y FROM b").take());
    EXPECT_EQ(2, database.number("PRAGMA user_version").take());
}

TEST_F(Schema, StaysAsItWasWhenAStepFails)
{
    constexpr std::array<Step, 2> broken{
        first[0], "CREATE TABLE b (y INTEGER); INSERT INTO nowhere VALUES (1)"};
    auto database = open();
    ASSERT_OK(ensure_schema(database, first));
    EXPECT_FALSE(ensure_schema(database, broken).ok());
    EXPECT_EQ(1, database.number("PRAGMA user_version").take());
    EXPECT_EQ(0, database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'b'").take());
}

TEST_F(Schema, OfANewerProgramIsRefused)
{
    auto database = open();
    ASSERT_OK(ensure_schema(database, second));
    EXPECT_ERRC(Errc::unsupported, ensure_schema(database, first));
    EXPECT_ERRC(Errc::unsupported, check_schema(database, first));
}

TEST_F(Schema, OfAnOlderFileIsNotChangedByAReader)
{
    auto database = open();
    ASSERT_OK(ensure_schema(database, first));
    EXPECT_ERRC(Errc::unsupported, check_schema(database, second));
}

TEST_F(Schema, OfAnotherProgramIsNoJournal)
{
    auto database = open();
    ASSERT_OK(database.script("CREATE TABLE bookmarks (url TEXT)"));
    EXPECT_ERRC(Errc::corrupt, ensure_schema(database, first));
    EXPECT_ERRC(Errc::corrupt, check_schema(database, first));
}

TEST_F(Schema, OfTheFirstVersionIsStillRead)
{
    ASSERT_NO_FATAL_FAILURE(write_version_1());
    auto opened = Journal::open(path, Access::read_write);
    ASSERT_OK(opened);
    auto journal = opened.take();
    EXPECT_OK(journal->verify());
    EXPECT_EQ("/srv/plan.odt", journal->version({4}).take()->path);
    EXPECT_EQ(42U, journal->object_at({{7}, "plan.odt"}).take()->value);
    EXPECT_EQ(event::IncidentState::contained, journal->incident({1}).take()->state);
    std::vector<Record> more{activity(ActivityKind::opened, 42)};
    EXPECT_OK(journal->append(more));
    EXPECT_OK(journal->verify());
}

TEST_F(Schema, OfALaterVersionIsRefusedByTheJournal)
{
    ASSERT_NO_FATAL_FAILURE(write_version_1());
    ASSERT_OK(open().script("PRAGMA user_version = 99"));
    EXPECT_ERRC(Errc::unsupported, Journal::open(path, Access::read_write));
    EXPECT_ERRC(Errc::unsupported, Journal::open(path, Access::read_only));
}

} // namespace
} // namespace tocsin::journal::test
