// SPDX-License-Identifier: Apache-2.0

#include "tocsin/answers/direct.h"

#include <fmt/format.h>

#include "tocsin/answers/args.h"
#include "tocsin/answers/put_back.h"
#include "tocsin/answers/records.h"
#include "tocsin/answers/remembered.h"
#include "tocsin/answers/status.h"
#include "tocsin/answers/verify.h"

namespace tocsin::answers {

namespace {

Result<json::value> answer_check(Material const& material, Request const& request, ProgressSink const& sink)
{
    auto read_data = TRY(flag_arg(request.args, "read_data"));
    auto journal = TRY(journal::Journal::open(material.state.journal, journal::Access::read_only));
    auto depth = read_data ? vault::CheckDepth::read_data : vault::CheckDepth::structure;
    return verify_json(*journal, material.repository, depth, sink);
}

bool is_about_records(std::string_view verb)
{
    return verb == "incidents" || verb == "incident" || verb == "versions" || verb == "quarantine";
}

// Verbs that need the journal alone.
Result<json::value> answer_records(StatePaths const& state, Request const& request)
{
    if (request.verb == "quarantine")
        return answer_quarantine(state, request);
    auto journal = TRY(journal::Journal::open(state.journal, journal::Access::read_only));
    if (request.verb == "incidents")
        return incidents_json(*journal);
    if (request.verb == "versions") {
        auto path = TRY(path_arg(request.args, "path"));
        return versions_json(*journal, path);
    }
    auto id = TRY(incident_arg(request.args));
    return incident_json(*journal, id);
}

Result<void> ensure_journal(StatePaths const& state)
{
    auto opened = journal::Journal::open(state.journal, journal::Access::read_only);
    if (opened.ok())
        return {};
    if (opened.error().code() == Errc::not_found)
        return Error(Errc::not_found, "no guard has run on '" + state.dir + "'");
    return opened.take_error();
}

Result<json::value> write_without_guard(
    StatePaths const& state, Request const& request, ProgressSink const& sink)
{
    auto lock = TRY(lock_state(state)); // held until the end
    auto repository = TRY(open_repository(state, vault::OpenMode::read_only));
    auto answer = TRY(answer_with({state, *repository, {}}, request, sink));
    auto took_back = TRY(takes_back(request));
    if (took_back) {
        auto id = TRY(incident_arg(request.args));
        auto living = TRY(record_undo(state, id, request.user, answer));
        if (living != 0)
            add_note(answer, "actor",
                fmt::format("{} of its processes still exist, and no guard runs to end them", living));
    }
    return answer;
}

} // namespace

Result<json::value> answer_with(Material const& material, Request const& request, ProgressSink const& sink)
{
    if (is_about_records(request.verb))
        return answer_records(material.state, request);
    if (request.verb == "check")
        return answer_check(material, request, sink);
    if (request.verb == "undo")
        return answer_undo(material, request, sink);
    if (request.verb == "restore")
        return answer_restore(material, request, sink);
    return Error(Errc::invalid, "there is no verb '" + request.verb + "'");
}

Result<json::value> answer_without_guard(
    std::string const& state_dir, Request const& request, ProgressSink const& sink)
{
    auto state = TRY(StatePaths::of(state_dir));
    if (request.verb == "status") {
        auto status = TRY(status_without_guard(state));
        return to_json(status);
    }
    if (request.verb == "unprotect") {
        auto paths = TRY(paths_arg(request.args, "paths"));
        TRY(forget_trees(state, paths));
        auto status = TRY(status_without_guard(state));
        return to_json(status);
    }
    if (request.verb == "undo" || request.verb == "restore") {
        TRY(ensure_journal(state));
        return write_without_guard(state, request, sink);
    }
    if (is_about_records(request.verb)) {
        TRY(ensure_journal(state));
        return answer_records(state, request);
    }
    if (request.verb == "check") {
        TRY(ensure_journal(state));
        auto repository = TRY(open_repository(state, vault::OpenMode::read_only));
        return answer_with({state, *repository, {}}, request, sink);
    }
    return Error(Errc::not_found,
        "no guard runs on '" + state_dir + "': `tocsin protect DIR` starts one, and '" + request.verb
            + "' then works");
}

} // namespace tocsin::answers
