// SPDX-License-Identifier: Apache-2.0
// Records go in, and are found again by everything that is asked for.
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

class JournalRecords : public JournalFixture { };

template <typename T>
std::vector<std::int64_t> ids(std::vector<T> const& values)
{
    std::vector<std::int64_t> out;
    for (auto const& value : values)
        out.push_back(value.id.value);
    return out;
}
using Ids = std::vector<std::int64_t>;

TEST_F(JournalRecords, AreEmptyAtFirst)
{
    EXPECT_OK(journal->append({}));
    EXPECT_EQ(0U, journal->totals().take().versions);
    EXPECT_TRUE(journal->incidents().take().empty());
    EXPECT_FALSE(journal->version({1}).take().has_value());
    EXPECT_OK(journal->verify());
}

TEST_F(JournalRecords, GetTheirIdsFromOneSequence)
{
    auto records =
        append({version(1, "/a", 1, 0), activity(ActivityKind::opened, 1), version(1, "/a", 2, 1)});
    EXPECT_EQ(1, std::get<Version>(records[0]).id.value);
    EXPECT_EQ(2, std::get<Activity>(records[1]).id.value);
    EXPECT_EQ(std::get<Version>(records[2]), journal->version({3}).take());
    EXPECT_FALSE(journal->version({2}).take().has_value());
}

TEST_F(JournalRecords, AreKeptBesideOneThatIsTooLarge)
{
    auto too_large = version(2, "/b", 1, 0);
    too_large.content.resize(600'000);
    auto records = append({version(1, "/a", 1, 0), too_large, version(1, "/a", 2, 1)});
    EXPECT_EQ(0, std::get<Version>(records[1]).id.value);
    EXPECT_EQ((Ids{1, 2}), ids(journal->versions_of({1}).take()));
    EXPECT_EQ(1U, journal->left_out());
    EXPECT_OK(journal->verify());
    append({too_large});
    append({version(1, "/a", 3, 2)});
    EXPECT_EQ((Ids{1, 2, 3}), ids(journal->versions_of({1}).take()))
        << "an append of nothing else leaves no gap";
    EXPECT_EQ(2U, journal->left_out());
    EXPECT_OK(journal->verify());
}

TEST_F(JournalRecords, AreThereAfterReopening)
{
    auto records = append({version(1, "/a", 1, 0)});
    reopen();
    append({version(1, "/a", 2, 1)});
    EXPECT_EQ((Ids{1, 2}), ids(journal->versions_of({1}).take()));
    EXPECT_OK(journal->verify());
}

TEST_F(JournalRecords, GiveTheNewestVersionOfACurrentObject)
{
    append({placed(ActivityKind::created, 1, {{9}, "a"}), version(1, "/a", 1, 0), version(1, "/a", 2, 1)});
    EXPECT_EQ(3, journal->current({1}).take()->version->id.value);
}

TEST_F(JournalRecords, GiveVersionsByPath)
{
    append({version(1, "/srv/a", 1, 0), version(2, "/srv/ab", 1, 0), version(3, "/srv/a", 1, 1)});
    EXPECT_EQ((Ids{1, 3}), ids(journal->versions_at("/srv/a").take()));
}

TEST_F(JournalRecords, GiveEveryVersionOldestFirst)
{
    append({version(2, "/b", 1, 0), activity(ActivityKind::closed, 2), version(1, "/a", 1, 0)});
    Ids seen;
    EXPECT_OK(journal->for_each_version([&](Version const& v) -> Result<void> {
        seen.push_back(v.id.value);
        return {};
    }));
    EXPECT_EQ((Ids{1, 3}), seen);
}

TEST_F(JournalRecords, GiveActivitiesByProcessFromATime)
{
    auto early = activity(ActivityKind::opened, 1);
    auto late = early;
    late.time = at_second(10);
    auto other = late;
    other.process = {101, 7};
    auto reused = late;
    reused.process = {100, 8};
    append({early, other, late, reused});
    std::vector<event::ProcessKey> const both{{101, 7}, {100, 7}, {100, 7}};
    EXPECT_EQ((Ids{1, 2, 3}), ids(journal->activities_by(both, at_second(0)).take()));
    EXPECT_EQ((Ids{2, 3}), ids(journal->activities_by(both, at_second(10)).take()));
}

TEST_F(JournalRecords, GiveWhatNobodyKnownDidButNotWhatAWalkSaw)
{
    auto seen = activity(ActivityKind::seen, 1);
    seen.process = {};
    auto gone = seen;
    gone.kind = ActivityKind::deleted;
    append({seen, gone});
    event::ProcessKey const nobody[] = {event::ProcessKey{}};
    EXPECT_EQ((Ids{2}), ids(journal->activities_by(nobody, at_second(0)).take()));
}

TEST_F(JournalRecords, GiveActivitiesByObject)
{
    append({activity(ActivityKind::opened, 1), activity(ActivityKind::opened, 2),
        activity(ActivityKind::closed, 1)});
    EXPECT_EQ((Ids{1, 3}), ids(journal->activities_on({1}).take()));
}

TEST_F(JournalRecords, GiveActivitiesByDirectory)
{
    append({placed(ActivityKind::created, 1, {{5}, "a"}), placed(ActivityKind::opened, 1, {{5}, "a"}),
        renamed(1, {{5}, "a"}, {{6}, "b"}, 0), renamed(1, {{6}, "b"}, {{6}, "c"}, 0)});
    EXPECT_EQ((Ids{1, 3}), ids(journal->activities_in({5}).take()));
    EXPECT_EQ((Ids{3, 4}), ids(journal->activities_in({6}).take()));
}

TEST_F(JournalRecords, GiveTheLatestOfAProcess)
{
    event::Process process{.key = {100, 7}, .command = "sh"};
    append({process});
    process.command = "cat";
    append({process});
    EXPECT_EQ("cat", journal->process({100, 7}).take()->command);
    EXPECT_FALSE(journal->process({100, 8}).take().has_value());
}

TEST_F(JournalRecords, GiveRootsAsTheirLastChangeLeftThem)
{
    event::RootChange root{.root = {1}, .path = "/srv", .is_protected = true};
    auto ended = root;
    ended.is_protected = false;
    append({root, event::RootChange{.root = {2}, .path = "/home", .is_protected = true}, ended});
    auto roots = journal->roots().take();
    ASSERT_EQ(2U, roots.size());
    EXPECT_EQ(ended, roots[0]);
    EXPECT_EQ("/home", roots[1].path);
}

TEST_F(JournalRecords, GiveEveryChangeOfTheGuard)
{
    append({event::GuardChange{{}, "capturing", ""}, event::GuardChange{{}, "guarding", ""}});
    auto changes = journal->guard_changes().take();
    ASSERT_EQ(2U, changes.size());
    EXPECT_EQ("guarding", changes[1].state);
}

TEST_F(JournalRecords, GiveIncidentsInTheirNewestState)
{
    using enum event::IncidentState;
    append({incident(1, observed), incident(2, contained), incident(1, released)});
    auto found = journal->incidents().take();
    ASSERT_EQ(2U, found.size());
    EXPECT_EQ(released, found[0].state);
    EXPECT_EQ(contained, journal->incident({2}).take()->state);
    EXPECT_FALSE(journal->incident({3}).take().has_value());
    EXPECT_EQ(1U, journal->totals().take().incidents_open);
}

TEST_F(JournalRecords, GiveFindingsAndActionsOfAnIncident)
{
    append({event::Finding{.incident = {1}, .signal = "entropy"},
        event::Action{.incident = {1}, .by = "policy"}, event::Finding{.incident = {2}, .signal = "names"}});
    EXPECT_EQ("entropy", journal->findings_of({1}).take().at(0).signal);
    EXPECT_EQ("names", journal->findings_of({2}).take().at(0).signal);
    EXPECT_EQ("policy", journal->actions_of({1}).take().at(0).by);
    EXPECT_TRUE(journal->actions_of({2}).take().empty());
}

TEST_F(JournalRecords, GiveTheEvidenceOfAnIncident)
{
    append({event::Executable{.incident = {1}, .path = "/usr/bin/age"},
        event::Exposure{.incident = {1}, .address = "10.0.0.2"},
        event::Executable{.incident = {2}, .path = "/usr/bin/nc"}});
    ASSERT_EQ(1U, journal->executables_of({1}).take().size());
    EXPECT_EQ("/usr/bin/age", journal->executables_of({1}).take().at(0).path);
    EXPECT_EQ("10.0.0.2", journal->exposures_of({1}).take().at(0).address);
    EXPECT_TRUE(journal->exposures_of({2}).take().empty());
    EXPECT_OK(journal->verify());
}

TEST_F(JournalRecords, AreAddedUp)
{
    auto folder = version(3, "/d", 4096, 0);
    folder.metadata.mode = 0040755;
    append({version(1, "/a", 100, 0), version(1, "/a", 23, 0), folder, activity(ActivityKind::opened, 1)});
    auto totals = journal->totals().take();
    EXPECT_EQ(3U, totals.versions);
    EXPECT_EQ(123U, totals.version_bytes);
    EXPECT_EQ(1U, totals.activities);
}

class Growth : public JournalFixture { };

TEST_F(Growth, CountsWhatWritersCausedInTheLastDay)
{
    auto const day = 86'400;
    auto walked = version(1, "/walked", 1000, -3 * day);
    walked.occasion = event::Occasion::walk;
    auto walked_today = walked;
    walked_today.time = at_second(-5);
    append({walked, version(2, "/old", 500, -2 * day), walked_today, version(3, "/a", 30, -10),
        version(3, "/a", 12, -5), version(3, "/a", 7, 5)});
    EXPECT_EQ(42U, journal->growth(at_second(0)).take().bytes_a_day);
}

TEST_F(Growth, IsScaledWhenTheJournalIsYounger)
{
    append({version(1, "/a", 10, -6 * 3600), version(1, "/a", 10, -1)});
    EXPECT_EQ(80U, journal->growth(at_second(0)).take().bytes_a_day);
}

TEST_F(Growth, SaysNothingOfADayBeforeAnHourIsKnown)
{
    append({version(1, "/a", 10, -3599)});
    EXPECT_EQ(0U, journal->growth(at_second(0)).take().bytes_a_day);
    EXPECT_EQ(240U, journal->growth(at_second(1)).take().bytes_a_day);
}

TEST_F(Growth, NamesTheTenLargestPaths)
{
    std::vector<Record> records{version(99, "/twice", 6, 0), version(99, "/twice", 6, 1)};
    for (std::uint64_t i = 1; i <= 11; ++i)
        records.emplace_back(version(i, "/f" + std::to_string(i), i, 0));
    append(records);
    auto largest = journal->growth(at_second(0)).take().largest;
    ASSERT_EQ(10U, largest.size());
    EXPECT_EQ((std::pair<std::string, std::uint64_t>{"/twice", 12}), largest[0]);
    EXPECT_EQ("/f11", largest[1].first);
    EXPECT_EQ("/f3", largest[9].first);
}

} // namespace
} // namespace tocsin::journal::test
