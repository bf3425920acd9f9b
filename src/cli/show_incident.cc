// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/table.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

constexpr std::size_t activities_shown = 40; // the last ones; --json begins with the first

std::string who(Fields const& actor)
{
    auto user = actor.text("user");
    auto address = actor.text("address");
    return address.empty() ? user : user + " from " + address;
}

std::string pids_of(Fields const& action_or_actor)
{
    std::string out;
    std::size_t shown = 0;
    for (auto const& pid : action_or_actor.list("pids")) {
        if (++shown > 12)
            return out + " …";
        out += (out.empty() ? "" : " ") + to_text(pid);
    }
    return out;
}

std::string activities_text(json::array const& activities)
{
    Table table({{"time"}, {"activity"}, {"object"}, {"pid", Align::right}, {"command"}});
    auto skipped = activities.size() > activities_shown ? activities.size() - activities_shown : 0;
    for (auto i = skipped; i < activities.size(); ++i) {
        Fields activity(activities[i]);
        auto object = activity.text("path");
        if (!activity.text("target").empty())
            object += " -> " + activity.text("target");
        table.add({short_time(activity.text("time")), activity.text("kind"), object,
            std::to_string(activity.number("pid")), printable(activity.text("command"), 60)});
    }
    auto title = skipped > 0 ? fmt::format("activities (the last {} of {}; --json gives the first ones)",
                                   activities_shown, grouped(activities.size()))
                             : std::string("activities");
    return table.empty() ? std::string() : "\n" + title + "\n" + table.text(2);
}

std::string actions_text(json::array const& actions)
{
    Table table({{"time"}, {"action"}, {"by"}, {"outcome"}});
    for (auto const& item : actions) {
        Fields action(item);
        table.add({short_time(action.text("time")), action.text("kind"), action.text("by"),
            action.text("outcome")});
    }
    return table.empty() ? std::string() : "\nactions\n" + table.text(2);
}

std::string executables_text(json::array const& executables)
{
    Table table({{"executable"}, {"SHA-256"}});
    for (auto const& item : executables) {
        Fields executable(item);
        auto const digest = executable.text("sha256");
        table.add(
            {executable.text("path"), digest.empty() ? "not known: " + executable.text("why_not") : digest});
    }
    return table.empty() ? std::string() : "\nexecutables\n" + table.text(2);
}

// What a person can do next, by the incident's state.
std::string next_steps(Fields const& incident)
{
    auto id = incident.number("id");
    auto state = incident.text("state");
    if (state == "contained" || state == "held")
        return fmt::format(
            "\nnext: tocsin stop {0} (it is an attack) or tocsin release {0} (it is honest work)\n", id);
    bool const has_changes = incident.number("objects_changed") + incident.number("objects_deleted")
            + incident.number("objects_created")
        != 0;
    if (state == "observed" && !has_changes)
        return fmt::format("\nnext: tocsin release {} (it needs nothing more)\n", id);
    if (state == "observed")
        return fmt::format(
            "\nnext: tocsin undo {0} --dry-run, then tocsin undo {0}, or tocsin release {0} (it is "
            "honest work)\n",
            id);
    if (state == "stopped" && has_changes)
        return fmt::format("\nnext: tocsin undo {0} --dry-run, then tocsin undo {0}\n", id);
    return {};
}

} // namespace

std::string show_incidents(json::value const& incidents)
{
    Table table({{"id", Align::right}, {"opened"}, {"state"}, {"user"}, {"command"}, {"score", Align::right},
        {"changed", Align::right}, {"deleted", Align::right}, {"created", Align::right}});
    for (auto const& item : items_of(incidents)) {
        Fields incident(item);
        auto actor = incident.object("actor");
        table.add({std::to_string(incident.number("id")), short_time(incident.text("opened")),
            incident.text("state"), who(actor), printable(actor.text("command"), 60),
            fmt::format("{:.1f}", incident.real("score")), grouped(incident.number("objects_changed")),
            grouped(incident.number("objects_deleted")), grouped(incident.number("objects_created"))});
    }
    return table.empty() ? "no incidents\n" : table.text(0);
}

std::string show_incident(json::value const& value)
{
    Fields incident(value);
    auto actor = incident.object("actor");
    auto text = fmt::format("incident {}, {}, opened {}, score {:.1f}\n", incident.number("id"),
        incident.text("state"), short_time(incident.text("opened")), incident.real("score"));
    auto by = who(actor);
    text += fmt::format("actor: {}{}: {}\n", printable(actor.text("kind"), 40),
        by.empty() ? std::string() : " by " + printable(by, 200), printable(actor.text("command"), 300));
    if (!actor.list("pids").empty())
        text += "processes: " + pids_of(actor) + "\n";
    text += fmt::format("objects: {} changed, {} deleted, {} created; {} opened for reading or writing\n",
        grouped(incident.number("objects_changed")), grouped(incident.number("objects_deleted")),
        grouped(incident.number("objects_created")), size_words(incident.number("bytes_exposed")));
    for (auto const& reason : incident.list("reasons"))
        text += "  - " + printable(shown_text(reason), 1000) + "\n";
    return text + executables_text(incident.list("executables"))
        + activities_text(incident.list("activities")) + actions_text(incident.list("actions"))
        + next_steps(incident);
}

std::string show_undo(json::value const& value)
{
    Fields outcome(value);
    auto text = fmt::format(
        "incident {}: {} restored, {} recreated, {} renamed back, {} set aside, {} kept in both versions\n",
        outcome.number("incident"), grouped(outcome.number("restored")), grouped(outcome.number("recreated")),
        grouped(outcome.number("renamed_back")), grouped(outcome.number("set_aside")),
        grouped(outcome.number("kept_both")));
    text += fmt::format("{} verified, {} failed, {:.2f} s\n", grouped(outcome.number("verified")),
        grouped(outcome.number("failed")), outcome.real("seconds"));
    return text + show_notes(value);
}

std::string show_dry_run(json::value const& value)
{
    Fields outcome(value);
    return fmt::format(
               "incident {}, nothing is done yet: {} to restore, {} to recreate, {} to rename back, {} "
               "to set aside, {} to keep in both versions; {} cannot be put back\n",
               outcome.number("incident"), grouped(outcome.number("restored")),
               grouped(outcome.number("recreated")), grouped(outcome.number("renamed_back")),
               grouped(outcome.number("set_aside")), grouped(outcome.number("kept_both")),
               grouped(outcome.number("failed")))
        + show_notes(value, activities_shown);
}

std::string show_notes(json::value const& outcome, std::size_t limit)
{
    std::string text;
    Fields fields(outcome);
    auto const& notes = fields.list("notes");
    for (auto const& item : notes) {
        if (limit-- == 0) {
            auto const shown = static_cast<std::size_t>(&item - notes.begin());
            return text + fmt::format("  … and {} more: --json names them\n", grouped(notes.size() - shown));
        }
        Fields note(item);
        text += "  - " + note.text("what");
        for (auto const& part : {printable(note.text("path"), 4096), printable(note.text("why"), 1000)})
            text += part.empty() ? "" : ": " + part;
        text += "\n";
    }
    return text;
}

} // namespace tocsin::cli
