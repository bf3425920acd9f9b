// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/put_back.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tocsin/answers/args.h"
#include "tocsin/base/log.h"
#include "tocsin/base/proc.h"
#include "tocsin/undo/act.h"
#include "tocsin/undo/quarantine.h"
#include "tocsin/undo/vault_source.h"

namespace tocsin::answers {

namespace {

constexpr std::chrono::minutes clocks_differ_by{1}; // of who asks
// A guard that records what undo does, and much else at the time, writes almost without a pause.
constexpr std::chrono::minutes patience_with_the_guard{1};

undo::Options options_for(Material const& material, std::optional<std::string> to_dir,
    ProgressSink const& sink, std::string_view what)
{
    undo::Options options;
    options.state_dir = material.state.dir;
    options.restored = material.restored;
    options.to_dir = std::move(to_dir);
    if (sink)
        options.progress = [&sink, what](undo::Progress const& progress) {
            sink({progress.done, progress.total, progress.bytes, std::string(what)});
        };
    return options;
}

// Into another directory nothing is done that the journal keeps.
Result<json::value> carry_out(
    Material const& material, journal::Journal& journal, undo::Plan const& plan, undo::Options const& options)
{
    undo::VaultSource source(material.repository);
    auto* record = options.to_dir ? nullptr : &journal;
    auto report = TRY(undo::carry_out(plan, source, options, record));
    return undo::to_json(report);
}

Result<undo::Moment> moment_of(json::object const& args)
{
    auto version = TRY(optional_number_arg(args, "version"));
    if (version)
        return undo::Moment(event::VersionId{*version});
    auto at = TRY(optional_text_arg(args, "at"));
    if (!at)
        return Error(Errc::invalid, "neither 'at' nor 'version' is given");
    auto time = TRY(parse_time(*at));
    if (time > wall_now() + clocks_differ_by)
        return Error(Errc::invalid,
            fmt::format("'{}' is {}, which is yet to come: times without an offset are UTC",
                printable(*at, 100), to_iso8601(time)));
    return undo::Moment(time);
}

Result<std::optional<event::IncidentId>> optional_incident_arg(json::object const& args)
{
    auto id = TRY(optional_number_arg(args, "id"));
    if (!id)
        return std::optional<event::IncidentId>();
    return std::optional(event::IncidentId{*id});
}

} // namespace

Result<json::value> answer_undo(Material const& material, Request const& request, ProgressSink const& sink)
{
    auto id = TRY(incident_arg(request.args));
    auto dry_run = TRY(flag_arg(request.args, "dry_run"));
    auto to_dir = TRY(optional_path_arg(request.args, "to"));
    auto access = dry_run || to_dir ? journal::Access::read_only : journal::Access::read_write;
    auto journal = TRY(journal::Journal::open(material.state.journal, access, patience_with_the_guard));
    auto plan = TRY(undo::make_plan(*journal, id));
    if (dry_run)
        return undo::to_json(undo::foretell(to_dir ? undo::elsewhere(plan, *to_dir) : plan));
    return carry_out(
        material, *journal, plan, options_for(material, std::move(to_dir), sink, "putting back"));
}

Result<json::value> answer_restore(Material const& material, Request const& request, ProgressSink const& sink)
{
    auto paths = TRY(paths_arg(request.args, "paths"));
    auto moment = TRY(moment_of(request.args));
    auto to_dir = TRY(optional_path_arg(request.args, "to"));
    auto access = to_dir ? journal::Access::read_only : journal::Access::read_write;
    auto journal = TRY(journal::Journal::open(material.state.journal, access, patience_with_the_guard));
    auto plan = TRY(undo::plan_restore(*journal, paths, moment));
    auto options = options_for(material, std::move(to_dir), sink, "restoring");
    auto answer = TRY(carry_out(material, *journal, plan, options));
    answer.as_object().erase("incident");
    if (auto const* at = std::get_if<WallTime>(&moment))
        answer.as_object()["at"] = to_iso8601(*at);
    return answer;
}

Result<json::value> answer_quarantine(StatePaths const& state, Request const& request)
{
    auto id = TRY(optional_incident_arg(request.args));
    auto kept = TRY(undo::list_quarantine(state.dir, id));
    if (id && kept.empty()) {
        auto journal = TRY(journal::Journal::open(state.journal, journal::Access::read_only));
        auto incident = TRY(journal->incident(*id));
        if (!incident)
            return Error(Errc::not_found, fmt::format("there is no incident {}", id->value));
    }
    json::array out;
    for (auto const& item : kept) {
        json::object one{{"incident", item.incident.value}, {"path", json_text(item.path)}, {"kept", nullptr},
            {"size", item.metadata.size}, {"sha256", item.sha256.hex()}, {"time", to_iso8601(item.time)}};
        if (!item.file.empty())
            one["kept"] = json_text(item.file);
        out.push_back(std::move(one));
    }
    return json::value(std::move(out));
}

Result<bool> takes_back(Request const& request)
{
    if (request.verb != "undo")
        return false;
    auto dry_run = TRY(flag_arg(request.args, "dry_run"));
    auto to_dir = TRY(optional_path_arg(request.args, "to"));
    return !dry_run && !to_dir;
}

bool is_whole(json::value const& report)
{
    return report.at("failed").to_number<std::uint64_t>() == 0;
}

std::string undo_sentence(json::value const& report)
{
    auto count = [&](std::string_view key) { return report.at(key).to_number<std::uint64_t>(); };
    return fmt::format(
        "{} restored, {} recreated, {} renamed back, {} set aside, {} kept in both versions, {} failed",
        count("restored"), count("recreated"), count("renamed_back"), count("set_aside"), count("kept_both"),
        count("failed"));
}

void add_note(json::value& report, std::string_view what, std::string_view why)
{
    report.at("notes").as_array().push_back(json::object{{"path", ""}, {"what", what}, {"why", why}});
}

namespace {

// Of the incident's processes, how many still exist.
std::size_t living_of(event::Incident const& incident)
{
    auto dir = proc::ProcDir::open();
    if (!dir.ok())
        return 0;
    auto const processes = dir.take();
    return static_cast<std::size_t>(std::ranges::count_if(incident.actor.processes, [&](auto const& key) {
        auto stat = key ? processes.stat(key.pid) : Result<proc::Stat>(Error(Errc::not_found, ""));
        return stat.ok() && stat.take().start_ticks == key.start_ticks;
    }));
}

} // namespace

Result<std::size_t> record_undo(
    StatePaths const& state, event::IncidentId id, std::string const& user, json::value const& report)
{
    auto journal =
        TRY(journal::Journal::open(state.journal, journal::Access::read_write, patience_with_the_guard));
    auto incident = TRY(journal->incident(id));
    if (!incident)
        return Error(Errc::not_found, "there is no incident " + std::to_string(id.value));
    event::Action action;
    action.incident = id;
    action.time = wall_now();
    action.kind = event::ActionKind::undo;
    action.by = user;
    action.outcome = undo_sentence(report);
    std::vector<event::Record> records{std::move(action)};
    if (is_whole(report)) {
        incident->state = event::IncidentState::undone;
        records.emplace_back(*incident);
    }
    TRY(journal->append(records));
    return living_of(*incident);
}

} // namespace tocsin::answers
