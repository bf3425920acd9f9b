// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/table.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

std::string problems_text(Fields const& outcome)
{
    std::string text;
    for (auto const& problem : outcome.list("problems"))
        text += "  - " + printable(shown_text(problem), 4096) + "\n";
    return text;
}

std::string seconds_words(Fields const& scenario)
{
    if (!scenario.has("seconds_to_freeze"))
        return "not frozen";
    return fmt::format("{:.2f} s", scenario.real("seconds_to_freeze"));
}

} // namespace

std::string show_versions(json::value const& versions)
{
    Table table({{"version", Align::right}, {"time"}, {"size", Align::right}, {"sha256"}, {"actor"}});
    for (auto const& item : items_of(versions)) {
        Fields version(item);
        table.add({std::to_string(version.number("version")), short_time(version.text("time")),
            size_words(version.number("size")), version.text("sha256").substr(0, 16),
            printable(version.text("actor"), 60)});
    }
    return table.empty() ? "no versions\n" : table.text(0);
}

std::string show_restored(json::value const& value)
{
    Fields outcome(value);
    auto const as_of = outcome.has("at") ? "as of " + short_time(outcome.text("at")) + " (UTC): " : "";
    return as_of
        + fmt::format("{} restored, {} recreated, {} verified, {} failed, {:.2f} s\n",
            grouped(outcome.number("restored")), grouped(outcome.number("recreated")),
            grouped(outcome.number("verified")), grouped(outcome.number("failed")), outcome.real("seconds"))
        + show_notes(value);
}

std::string show_check(json::value const& value)
{
    Fields outcome(value);
    std::string text = outcome.yes("ok") ? "everything is whole\n" : "something is damaged\n";
    auto journal = outcome.object("journal");
    text +=
        fmt::format("journal: {} versions, {} activities, chain {}\n", grouped(journal.number("versions")),
            grouped(journal.number("activities")), journal.yes("ok") ? "whole" : "broken");
    auto repository = outcome.object("repository");
    text += fmt::format("repository: {} packs, {} blobs, {} snapshots{}\n",
        grouped(repository.number("packs")), grouped(repository.number("blobs")),
        grouped(repository.number("snapshots")), repository.yes("data_read") ? ", all data read" : "");
    return text + problems_text(outcome);
}

std::string show_quarantine(json::value const& list)
{
    Table table({{"incident", Align::right}, {"kept as"}, {"was"}, {"size", Align::right}});
    for (auto const& item : items_of(list)) {
        Fields kept(item);
        table.add(
            {std::to_string(kept.number("incident")), kept.has("kept") ? kept.text("kept") : "(a directory)",
                kept.text("path"), size_words(kept.number("size"))});
    }
    return table.empty() ? "nothing was set aside\n" : table.text(0);
}

std::string show_drill(json::value const& value)
{
    Fields outcome(value);
    Table table(
        {{"destroyer"}, {"files", Align::right}, {"touched", Align::right}, {"stopped after", Align::right},
            {"put back", Align::right}, {"lost", Align::right}, {"bytes lost", Align::right}, {"tree"}});
    for (auto const& item : outcome.list("scenarios")) {
        Fields scenario(item);
        table.add({scenario.text("name"), grouped(scenario.number("files")),
            grouped(scenario.number("touched")), seconds_words(scenario),
            grouped(scenario.number("restored")), grouped(scenario.number("files_lost")),
            size_words(scenario.number("bytes_lost")), scenario.yes("identical") ? "identical" : "differs"});
    }
    return table.text(0) + "\n"
        + (outcome.yes("pass") ? "passed: nothing was lost\n" : "not passed: see the lines that differ\n");
}

} // namespace tocsin::cli
