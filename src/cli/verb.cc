// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/verb.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>

#include "tocsin/base/log.h"
#include "tocsin/cli/asker.h"

namespace tocsin::cli {

Result<json::value> Session::ask(std::string_view verb, json::object args)
{
    answers::Request request{std::string(verb), std::move(args), invoking_user()};
    auto answer = asker_.ask(request, [&](answers::Progress const& progress) { console_.show(progress); });
    console_.end_progress();
    return answer;
}

void Session::print(json::value const& answer, Show show)
{
    if (common_.form() == Form::json)
        console_.out() << to_text(answer) << "\n" << std::flush;
    else
        console_.out() << show(answer) << std::flush;
}

std::vector<std::unique_ptr<Verb>> all_verbs()
{
    std::vector<std::unique_ptr<Verb>> verbs;
    verbs.push_back(make_protect());
    verbs.push_back(make_unprotect());
    verbs.push_back(make_status());
    verbs.push_back(make_incidents());
    verbs.push_back(make_incident());
    verbs.push_back(make_release());
    verbs.push_back(make_stop());
    verbs.push_back(make_isolate());
    verbs.push_back(make_undo());
    verbs.push_back(make_versions());
    verbs.push_back(make_restore());
    verbs.push_back(make_check());
    verbs.push_back(make_quarantine());
    verbs.push_back(make_drill());
    return verbs;
}

std::string refuse_what_is_no_number(std::string const& text)
{
    std::int64_t number = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool whole = problem == std::errc() && end == text.data() + text.size();
    return whole && number >= 1 ? std::string() : "'" + printable(text, 200) + "' is no number from 1";
}

CLI::Option* declare_incident(CLI::App& app, std::int64_t& id, std::string const& description)
{
    return app.add_option("ID", id, description)
        ->type_name("")
        ->check(CLI::Validator(refuse_what_is_no_number, ""));
}

} // namespace tocsin::cli
