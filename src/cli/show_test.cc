// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"

namespace tocsin::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Show, TellsStateTreesAndWhatHolds)
{
    auto text = show_status(json::value{{"state", "guarding"}, {"reason", ""}, {"guard_pid", 1234},
        {"protected",
            json::array{json::value{{"path", "/srv/office"}, {"objects", 12345}, {"bytes", 1 << 20},
                {"captured", 12345}, {"pending", 0}, {"at_risk", 0}}}},
        {"gate", {{"opens", 1000}, {"held", 3}, {"timeouts", 0}, {"p50_us", 18}, {"p99_us", 2500}}},
        {"vault",
            {{"repository", "/var/lib/tocsin/repository"}, {"versions", 7}, {"off_host_lag_s", nullptr}}},
        {"invariants",
            {{"never_harms", {{"holds", true}, {"reason", ""}}},
                {"nothing_closed_is_lost", {{"holds", false}, {"reason", "2 at risk"}}}}},
        {"incidents_open", 1}});
    EXPECT_THAT(text, HasSubstr("guarding (process 1234)\n"));
    EXPECT_THAT(text, HasSubstr("/srv/office   12,345  1.0 MiB    12,345"));
    EXPECT_THAT(text, HasSubstr("half answered within 18 µs, 99 % within 2.5 ms"));
    EXPECT_THAT(text, HasSubstr("nothing closed is lost  does not hold: 2 at risk"));
    EXPECT_THAT(text, HasSubstr("open incidents: 1"));
    EXPECT_THAT(text, Not(HasSubstr("off this host")));
}

TEST(Show, SaysAtOnceThatAGuardOnlyObserves)
{
    auto const observing = json::value{{"state", "guarding"}, {"respond", "observe"}, {"guard_pid", 12}};
    EXPECT_THAT(show_status(observing), testing::StartsWith("guarding, observing only (process 12)\n"));
    auto const freezing = json::value{{"state", "guarding"}, {"respond", "freeze"}, {"guard_pid", 12}};
    EXPECT_THAT(show_status(freezing), testing::StartsWith("guarding (process 12)\n"));
}

TEST(Show, SaysUntilWhenAHostIsIsolated)
{
    auto text = show_status(json::value{{"state", "guarding"},
        {"isolation",
            {{"until", "2026-11-28T06:05:12.000000000Z"},
                {"allowed", json::array{"10.0.0.9", "10.0.0.5:443"}},
                {"dropped", {{"in", 1234}, {"out", 5}, {"forwarded", 0}}}}}});
    EXPECT_THAT(text,
        HasSubstr("isolated until 2026-11-28 06:05:12Z; packets dropped: 1,234 in, 5 out, 0 "
                  "forwarded; allowed: 10.0.0.9, 10.0.0.5:443\n"));
}

TEST(Show, QuotesPathsAndCommandsFromOutside)
{
    auto text = show_incident(json::value{{"id", 3}, {"state", "contained"}, {"score", 1.5},
        {"actor", {{"kind", "process_tree"}, {"user", "eve"}, {"command", "sh -c \x1b[31m"}}},
        {"reasons", json::array{"overwrote\nfiles"}},
        {"activities", json::array{json::value{{"kind", "closed"}, {"path", "/a\x1b"}, {"pid", 7}}}}});
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("overwrote\\x0afiles"));
    EXPECT_THAT(text, HasSubstr("tocsin stop 3"));
}

TEST(Show, ShowsTheLastActivitiesAndHowManyThereWere)
{
    json::array activities;
    for (int i = 0; i < 100; ++i)
        activities.push_back(json::value{{"kind", "closed"}, {"path", "/file-" + std::to_string(i)}});
    auto text = show_incident(json::value{{"id", 3}, {"activities", activities}});
    EXPECT_THAT(text, HasSubstr("the last 40 of 100"));
    EXPECT_THAT(text, HasSubstr("/file-99"));
    EXPECT_THAT(text, Not(HasSubstr("/file-59 ")));
}

TEST(Show, OffersBothWaysOutOfAnObservedIncident)
{
    auto text = show_incident(json::value{{"id", 3}, {"state", "observed"}, {"objects_deleted", 1}});
    EXPECT_THAT(text, HasSubstr("tocsin undo 3"));
    EXPECT_THAT(text, HasSubstr("tocsin release 3"));
}

TEST(Show, OffersNoUndoWhereNothingWasChanged)
{
    auto text = show_incident(json::value{{"id", 3}, {"state", "observed"}});
    EXPECT_THAT(text, Not(HasSubstr("tocsin undo 3")));
    EXPECT_THAT(text, HasSubstr("next: tocsin release 3"));
    EXPECT_THAT(show_incident(json::value{{"id", 3}, {"state", "stopped"}}), Not(HasSubstr("next:")));
}

TEST(Show, SaysInWordsThatThereIsNothing)
{
    EXPECT_EQ("no incidents\n", show_incidents(json::array{}));
    EXPECT_EQ("no versions\n", show_versions(json::array{}));
    EXPECT_EQ("nothing was set aside\n", show_quarantine(json::array{}));
}

TEST(Show, SaysAsOfWhichTimeARestoreGaveBack)
{
    auto text = show_restored(json::value{{"restored", 2}, {"at", "2026-11-24T09:00:00.000000000Z"}});
    EXPECT_THAT(text, testing::StartsWith("as of 2026-11-24 09:00:00Z (UTC): 2 restored, "));
    EXPECT_THAT(show_restored(json::value{{"restored", 2}}), testing::StartsWith("2 restored, "));
}

TEST(Show, EndsADrillWithItsVerdict)
{
    json::value scenario{{"name", "shred"}, {"files", 2000}, {"touched", 4}, {"seconds_to_freeze", 0.31},
        {"files_lost", 0}, {"bytes_lost", 0}, {"restored", 4}, {"identical", true}};
    json::value other{{"name", "rm"}, {"files", 2000}, {"touched", 2000}, {"seconds_to_freeze", nullptr},
        {"files_lost", 1}, {"bytes_lost", 2048}, {"restored", 1999}, {"identical", false}};
    EXPECT_THAT(show_drill(json::value{{"scenarios", json::array{scenario}}, {"pass", true}}),
        HasSubstr("passed: nothing was lost"));
    auto text = show_drill(json::value{{"scenarios", json::array{scenario, other}}, {"pass", false}});
    EXPECT_THAT(text, HasSubstr("0.31 s"));
    EXPECT_THAT(text, HasSubstr("not frozen"));
    EXPECT_THAT(text, HasSubstr("differs"));
    EXPECT_THAT(text, HasSubstr("not passed"));
}

// An answer of another version of the guard must not end the program.
TEST(Show, ShowsWhatItCanOfAnAnswerItDoesNotKnow)
{
    for (auto const& odd : {json::value(nullptr), json::value(7), json::value(json::array{1, nullptr, "x"}),
             json::value{{"state", 7}, {"protected", "x"}, {"gate", json::array{}}, {"invariants", 3},
                 {"id", -1}, {"actor", json::array{}}, {"score", "x"}, {"scenarios", json::array{7}}}}) {
        for (auto* show : {show_status, show_incidents, show_incident, show_undo, show_dry_run, show_versions,
                 show_restored, show_check, show_quarantine, show_drill})
            EXPECT_FALSE(show(odd).empty());
    }
}

TEST(Show, NamesTheFirstOfManyThatADryRunWouldTouch)
{
    json::array notes;
    for (int i = 0; i < 45; ++i)
        notes.push_back({{"path", "/srv/" + std::to_string(i)}, {"what", "to restore"}, {"why", ""}});
    auto text = show_dry_run(json::value{{"incident", 1}, {"restored", 45}, {"failed", 2}, {"notes", notes}});
    EXPECT_THAT(text, HasSubstr("45 to restore"));
    EXPECT_THAT(text, HasSubstr("2 cannot be put back"));
    EXPECT_THAT(text, HasSubstr("  - to restore: /srv/39\n"));
    EXPECT_THAT(text, Not(HasSubstr("/srv/40\n")));
    EXPECT_THAT(text, HasSubstr("… and 5 more: --json names them"));
}

} // namespace
} // namespace tocsin::cli
