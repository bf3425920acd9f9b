// SPDX-License-Identifier: Apache-2.0
// What somebody changes in the file shows in verify(), and what is no journal in open().
#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>

#include "tocsin/journal/sqlite.h"
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

// Three links over nine records, of every kind of record.
class Damage : public JournalFixture {
protected:
    void SetUp() override
    {
        JournalFixture::SetUp();
        auto created = placed(ActivityKind::created, 1, {{9}, "a"});
        created.key = {7, {1, to_bytes(as_bytes("handle"))}};
        append({event::RootChange{.root = {1}, .path = "/srv"}, event::GuardChange{{}, "guarding", ""},
            event::Process{.key = {100, 7}}});
        append({created, version(1, "/srv/a", 5, 0), renamed(1, {{9}, "a"}, {{9}, "b"}, 0)});
        append({incident(1, event::IncidentState::contained), event::Finding{.incident = {1}},
            event::Action{.incident = {1}}});
        ASSERT_OK(journal->verify());
    }
    // Changes the file by another connection, as a person with the right to would.
    void change(std::string const& sql)
    {
        auto database = Database::open(path(), Database::Mode::create).take();
        ASSERT_OK(database.script(sql));
    }
};

struct Change {
    char const* name;
    char const* sql;
    char const* told; // a part of what verify() must say
};
class DamageBySql : public Damage, public testing::WithParamInterface<Change> { };

TEST_P(DamageBySql, ShowsInVerify)
{
    ASSERT_NO_FATAL_FAILURE(change(GetParam().sql));
    auto verified = journal->verify();
    EXPECT_ERRC(Errc::corrupt, verified);
    EXPECT_THAT(verified.error().message(), testing::HasSubstr(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(Records, DamageBySql,
    testing::Values(Change{"ADeletedRecord", "DELETE FROM records WHERE seq = 5", "record 5 is missing"},
        Change{"TheLastRecordDeleted", "DELETE FROM records WHERE seq = 9", "record 9 is missing"},
        Change{"ARecordOfNoLink", "INSERT INTO records SELECT 10, kind, body FROM records WHERE seq = 9",
            "records in no link: record 10"},
        Change{"AnotherKind", "UPDATE records SET kind = 4 WHERE seq = 5", "record 5"},
        Change{"AnotherBody",
            "UPDATE records SET body = (SELECT body FROM records WHERE seq = 8) WHERE seq = 9", "record 9"},
        Change{"AnUnreadableBody", "UPDATE records SET body = x'0103ff' WHERE seq = 5", "link 2: record 5"},
        Change{"AMiddleLinkDeleted", "DELETE FROM chain WHERE link = 2", "breaks after link 1"},
        Change{"TheLastLinkDeleted", "DELETE FROM chain WHERE link = 3", "no link: record 7"},
        Change{"TheLastLinkAndItsRecordsDeleted",
            "DELETE FROM chain WHERE link = 3; DELETE FROM records WHERE seq > 6", "the head names link 3"},
        Change{"AnotherHash", "UPDATE chain SET hash = zeroblob(32) WHERE link = 2", "link 2"},
        Change{"AnotherSum", "UPDATE head SET version_bytes = 1", "the head names"},
        Change{"NoHead", "DELETE FROM head", "head is missing"}),
    [](auto const& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(Indexes, DamageBySql,
    testing::Values(Change{"versions", "UPDATE versions SET size = 6", "'versions'"},
        Change{"version_paths", "UPDATE version_paths SET path = '/srv/b'", "'version_paths'"},
        Change{"activity_objects", "DELETE FROM activity_objects WHERE seq = 4", "'activity_objects'"},
        Change{"activity_processes", "UPDATE activity_processes SET pid = 1", "'activity_processes'"},
        Change{"activity_directories", "DELETE FROM activity_directories", "'activity_directories'"},
        Change{"objects", "UPDATE objects SET version = 0", "'objects'"},
        Change{"places", "UPDATE places SET object = 2", "'places'"},
        Change{"processes", "DELETE FROM processes", "'processes'"},
        Change{"roots", "INSERT INTO roots VALUES (2, 1)", "'roots'"},
        Change{"guard_changes", "DELETE FROM guard_changes", "'guard_changes'"},
        Change{"incidents", "UPDATE incidents SET state = 7", "'incidents'"},
        Change{"incident_records", "DELETE FROM incident_records WHERE kind = 7", "'incident_records'"}),
    [](auto const& tested) { return std::string(tested.param.name); });

// Each bit of one body in turn, restored before the next.
TEST_F(Damage, OfAnyByteOfABodyShows)
{
    auto database = Database::open(path(), Database::Mode::create).take();
    auto body = [&] {
        auto row = database.query("SELECT body FROM records WHERE seq = 6").take();
        EXPECT_TRUE(row.next().take());
        return to_bytes(row.blob(0));
    }();
    for (std::size_t i = 0; i < body.size(); ++i) {
        auto changed = body;
        changed[i] ^= std::byte{1};
        ASSERT_OK(database.run("UPDATE records SET body = ?1 WHERE seq = 6", ByteView(changed)));
        EXPECT_FALSE(journal->verify().ok()) << "byte " << i;
    }
    ASSERT_OK(database.run("UPDATE records SET body = ?1 WHERE seq = 6", ByteView(body)));
    EXPECT_OK(journal->verify());
}

TEST_F(Damage, ByARecordPastTheHeadStopsAppending)
{
    change("INSERT INTO records SELECT 10, kind, body FROM records WHERE seq = 9");
    std::vector<Record> more{activity(ActivityKind::opened, 1)};
    EXPECT_ERRC(Errc::corrupt, journal->append(more));
}

class Files : public JournalFixture {
protected:
    // The whole journal in one file, to be spoilt.
    void close_with_records(int versions)
    {
        std::vector<Record> records;
        for (int i = 0; i < versions; ++i)
            records.emplace_back(version(1, "/srv/a", 5, i));
        append(records);
        journal.reset();
    }
    void write(std::string const& content) { std::ofstream(path(), std::ios::trunc) << content; }
};

TEST_F(Files, OfGarbageAreNoJournal)
{
    close_with_records(1);
    write(std::string(10'000, 'x'));
    EXPECT_ERRC(Errc::corrupt, Journal::open(path(), Access::read_write));
    EXPECT_ERRC(Errc::corrupt, Journal::open(path(), Access::read_only));
}

TEST_F(Files, CutShortAreCorrupt)
{
    close_with_records(200);
    auto size = std::filesystem::file_size(path());
    std::filesystem::resize_file(path(), size - 4096);
    EXPECT_ERRC(Errc::corrupt, Journal::open(path(), Access::read_write));
    std::filesystem::resize_file(path(), 50);
    EXPECT_ERRC(Errc::corrupt, Journal::open(path(), Access::read_only));
}

TEST_F(Files, OfNothingAreNoJournalToARead)
{
    journal.reset();
    write("");
    EXPECT_ERRC(Errc::corrupt, Journal::open(path(), Access::read_only));
}

TEST_F(Files, ThatAreMissingAreNotFoundAndNotMade)
{
    EXPECT_ERRC(Errc::not_found, Journal::open(directory / "none.db", Access::read_only));
    EXPECT_FALSE(std::filesystem::exists(directory / "none.db"));
    EXPECT_ERRC(Errc::not_found, Journal::open(directory / "none/none.db", Access::read_write));
}

TEST_F(Files, WithZeroedPagesGiveErrorsAndNoCrash)
{
    close_with_records(500);
    auto size = static_cast<std::streamoff>(std::filesystem::file_size(path()));
    std::fstream file(path(), std::ios::in | std::ios::out);
    for (std::streamoff at = 8192; at + 4096 <= size; at += 3 * 4096)
        file.seekp(at).write(std::string(4096, '\0').data(), 4096);
    file.close();
    auto opened = Journal::open(path(), Access::read_only);
    EXPECT_FALSE(opened.ok() && opened.take()->verify().ok());
}

TEST_F(Files, AreForTheOwnerOnly)
{
    append({version(1, "/a", 1, 0)});
    for (auto const& entry : std::filesystem::directory_iterator(directory.path()))
        EXPECT_EQ(std::filesystem::perms(0600), entry.status().permissions()) << entry.path();
}

TEST_F(Files, AreCopiedWholeWhileTheJournalIsOpen)
{
    append({version(1, "/a", 1, 0)});
    ASSERT_OK(journal->copy_to(directory / "copy.db"));
    append({version(1, "/a", 2, 1)});
    auto copy = Journal::open(directory / "copy.db", Access::read_only).take();
    EXPECT_OK(copy->verify());
    EXPECT_EQ(1U, copy->totals().take().versions);
    EXPECT_ERRC(Errc::exists, journal->copy_to(directory / "copy.db"));
    EXPECT_FALSE(std::filesystem::exists(directory / "copy.db.part"));
}

} // namespace
} // namespace tocsin::journal::test
