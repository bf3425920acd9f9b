// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/records.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "tocsin/answers/protocol.h"
#include "tocsin/base/user.h"
#include "tocsin/undo/tree_then.h"

namespace tocsin::answers {

namespace {

json::array pids_json(std::span<event::ProcessKey const> processes)
{
    json::array out;
    for (auto const& process : processes) {
        if (process.pid > 0) // undo's own records have none
            out.push_back(process.pid);
    }
    return out;
}

// Records keep "#0": the guard asks no name service. People are shown the name.
std::string shown_user(std::string const& user)
{
    std::uint32_t uid = 0;
    auto const* end = user.data() + user.size();
    bool is_number = user.starts_with('#') && std::from_chars(user.data() + 1, end, uid).ptr == end;
    return is_number ? user_name(uid) : user;
}

json::object actor_json(event::Actor const& actor)
{
    return {{"kind", event::name_of(actor.kind)}, {"user", json_text(shown_user(actor.user))},
        {"address", json_text(actor.address)}, {"command", json_text(actor.command)},
        {"pids", pids_json(actor.processes)}};
}

json::object summary_json(event::Incident const& incident)
{
    json::array reasons;
    for (auto const& reason : incident.reasons)
        reasons.push_back(json_text(reason));
    return {{"id", incident.id.value}, {"opened", to_iso8601(incident.opened)},
        {"state", event::name_of(incident.state)}, {"actor", actor_json(incident.actor)},
        {"score", incident.score}, {"reasons", std::move(reasons)},
        {"objects_changed", incident.objects_changed}, {"objects_deleted", incident.objects_deleted},
        {"objects_created", incident.objects_created}, {"bytes_exposed", incident.bytes_exposed}};
}

// Looks each process up once.
class Commands {
public:
    explicit Commands(journal::Journal& journal) : journal_(journal) { }

    // Empty where nothing but the key is known.
    Result<std::string> command_of(event::ProcessKey key)
    {
        if (auto known = known_.find(key); known != known_.end())
            return known->second;
        std::string command;
        if (key) {
            auto process = TRY(journal_.process(key));
            command = process ? process->command : std::string();
        }
        known_.emplace(key, command);
        return command;
    }

private:
    journal::Journal& journal_;
    std::unordered_map<event::ProcessKey, std::string> known_;
};

Result<json::array> activities_json(journal::Journal& journal, std::span<event::Activity const> activities)
{
    Commands commands(journal);
    json::array out;
    for (auto const& activity : activities.first(std::min(activities.size(), max_activities_shown))) {
        auto command = TRY(commands.command_of(activity.process));
        json::object item{{"time", to_iso8601(activity.time)}, {"kind", event::name_of(activity.kind)},
            {"path", json_text(activity.path)}, {"pid", activity.process.pid},
            {"command", json_text(command)}};
        if (!activity.target_path.empty())
            item["target"] = json_text(activity.target_path);
        out.push_back(std::move(item));
    }
    return out;
}

json::array actions_json(std::span<event::Action const> actions)
{
    json::array out;
    for (auto const& action : actions) {
        json::object item{{"time", to_iso8601(action.time)}, {"kind", event::name_of(action.kind)},
            {"by", json_text(action.by)}, {"pids", pids_json(action.processes)},
            {"outcome", json_text(action.outcome)}};
        if (action.client)
            item["client"] =
                json::object{{"address", json_text(action.client->address)}, {"port", action.client->port}};
        out.push_back(std::move(item));
    }
    return out;
}

json::array executables_json(std::span<event::Executable const> executables)
{
    json::array out;
    for (auto const& executable : executables) {
        json::object item{{"path", json_text(executable.path)}, {"sha256", nullptr}};
        if (executable.digest)
            item["sha256"] = executable.digest->hex();
        else
            item["why_not"] = json_text(executable.why_not);
        out.push_back(std::move(item));
    }
    return out;
}

json::array exposures_json(std::span<event::Exposure const> exposures)
{
    json::array out;
    for (auto const& exposure : exposures)
        out.push_back(json::object{{"time", to_iso8601(exposure.time)},
            {"executable", json_text(exposure.executable)}, {"unit", json_text(exposure.unit)},
            {"address", json_text(exposure.address)}, {"port", exposure.port},
            {"transport", exposure.is_udp ? "udp" : "tcp"}, {"files", exposure.files},
            {"bytes_read", exposure.bytes_read}, {"bytes_sent", exposure.bytes_sent}});
    return out;
}

// What nobody was watching has no process: pid 0 stands for it.
Result<std::vector<event::Activity>> activities_of(journal::Journal& journal, event::Incident const& incident)
{
    auto processes = incident.actor.processes;
    if (incident.actor.kind == event::ActorKind::unknown && processes.empty())
        processes.push_back({});
    return journal.activities_by(processes, incident.first_activity);
}

Result<json::array> list_versions(journal::Journal& journal, std::span<event::Version const> versions)
{
    Commands commands(journal);
    json::array out;
    for (auto const& version : versions) {
        auto command = TRY(commands.command_of(version.writer));
        json::object item{{"version", version.id.value}, {"time", to_iso8601(version.time)},
            {"size", version.metadata.size}, {"sha256", version.digest.hex()}, {"actor", nullptr}};
        if (!command.empty())
            item["actor"] = json_text(command);
        else if (version.occasion == event::Occasion::undo)
            item["actor"] = "tocsin undo or restore"; // both put back by the same records
        else if (version.writer)
            item["actor"] = "pid " + std::to_string(version.writer.pid);
        out.push_back(std::move(item));
    }
    return out;
}

} // namespace

Result<json::value> incidents_json(journal::Journal& journal)
{
    auto incidents = TRY(journal.incidents());
    json::array out;
    for (auto const& incident : incidents)
        out.push_back(summary_json(incident));
    return json::value(std::move(out));
}

Result<json::value> incident_json(journal::Journal& journal, event::IncidentId id)
{
    auto incident = TRY(journal.incident(id));
    if (!incident)
        return Error(Errc::not_found, "there is no incident " + std::to_string(id.value));
    auto out = summary_json(*incident);
    auto activities = TRY(activities_of(journal, *incident));
    auto shown = TRY(activities_json(journal, activities));
    out["activities"] = std::move(shown);
    if (activities.size() > max_activities_shown)
        out["activities_left_out"] = activities.size() - max_activities_shown;
    auto actions = TRY(journal.actions_of(id));
    out["actions"] = actions_json(actions);
    auto executables = TRY(journal.executables_of(id));
    out["executables"] = executables_json(executables);
    auto exposures = TRY(journal.exposures_of(id));
    out["exposures"] = exposures_json(exposures);
    return json::value(std::move(out));
}

// Also of a file that was renamed, or lies in a folder that was, and of one that stood there before another.
Result<json::value> versions_json(journal::Journal& journal, std::string const& path)
{
    auto versions = TRY(journal.versions_at(path));
    undo::TreeThen tree(journal, wall_now());
    auto const holders = TRY(tree.holders(path));
    for (auto const& holder : holders) {
        auto further = TRY(tree.versions(holder));
        std::ranges::move(further, std::back_inserter(versions));
    }
    if (versions.empty())
        return Error(Errc::not_found, "no version of '" + path + "' is kept");
    std::ranges::sort(versions, {}, [](event::Version const& version) { return version.id; });
    auto repeated =
        std::ranges::unique(versions, {}, [](event::Version const& version) { return version.id; });
    versions.erase(repeated.begin(), repeated.end());
    auto out = TRY(list_versions(journal, versions));
    return json::value(std::move(out));
}

} // namespace tocsin::answers
