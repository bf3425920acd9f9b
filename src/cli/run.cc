// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "tocsin/base/log.h"
#include "tocsin/base/version.h"
#include "tocsin/cli/asker.h"

namespace tocsin::cli {

namespace {

constexpr auto description =
    "Guards file trees: keeps every closed version of every file, stops who destroys "
    "them, and takes the changes back.";
constexpr auto footer = "Each verb has --help with an example, and a man page: tocsin-VERB(1).\n"
                        "Exit status: 0 done, 1 not done (the reason is on standard error), 2 wrong usage.\n"
                        "In a checkout, `man -l docs/man/tocsin-VERB.1` shows a page,\n"
                        "and `./tocsin test` builds, and runs all tests but the long ones.";

void declare_common(CLI::App& app, Common& common)
{
    app.add_option("--state", common.state_dir, "Where the guard keeps its journal, repository and keys")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_flag("--json", common.as_json, "Print the answer as JSON");
}

struct Declared {
    std::unique_ptr<Verb> verb;
    CLI::App* app;
};

std::vector<Declared> declare_all(CLI::App& app, Common& common)
{
    app.name("tocsin");
    app.footer(footer);
    app.set_version_flag("-V,--version", "tocsin " + std::string(version()));
    app.require_subcommand(1);
    declare_common(app, common);
    std::vector<Declared> declared;
    for (auto& verb : all_verbs()) {
        auto words = verb->words();
        auto* sub = app.add_subcommand(std::string(words.name), std::string(words.summary));
        verb->declare(*sub);
        declare_common(*sub, common);
        sub->footer("Example:\n" + std::string(words.examples));
        declared.push_back({std::move(verb), sub});
    }
    return declared;
}

bool is_verb(CLI::App const& app, std::string const& word)
{
    auto subs = app.get_subcommands([&](CLI::App const* sub) { return sub->get_name() == word; });
    return !subs.empty();
}

// `verb`: the one whose help says more; empty where none was named.
int refuse_usage(Console& console, std::string const& sentence, std::string const& verb)
{
    console.say(sentence + " (see tocsin " + verb + (verb.empty() ? "" : " ") + "--help)");
    return exit_wrong_usage;
}

// What people type first: `help` and `help VERB`.
std::vector<std::string> as_option(std::vector<std::string> const& arguments)
{
    if (arguments.empty() || arguments.front() != "help" || arguments.size() > 2)
        return arguments;
    std::vector<std::string> words(arguments.begin() + 1, arguments.end());
    words.emplace_back("--help");
    return words;
}

// CLI11 does not name a verb that is none.
std::string wrong_usage_words(
    CLI::App const& app, CLI::ParseError const& error, std::vector<std::string> const& arguments)
{
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& word = arguments[i];
        if (word == "--state")
            ++i; // its value
        else if (word.starts_with('-') && app.get_option_no_throw(word.substr(0, word.find('='))) == nullptr)
            return "there is no option '" + printable(word, 100) + "'";
        else if (!word.starts_with('-')) {
            if (!is_verb(app, word))
                return "there is no verb '" + printable(word, 100) + "'";
            break;
        }
    }
    if (dynamic_cast<CLI::RequiredError const*>(&error) != nullptr && app.get_subcommands().empty())
        return "no verb is given";
    std::string words = error.what();
    return words.substr(0, words.find('\n'));
}

// Help and version are answers; anything else is wrong usage, told in one sentence.
int answer_parse_error(CLI::App const& app, CLI::ParseError const& error, Console& console,
    std::vector<std::string> const& arguments)
{
    if (error.get_exit_code() == 0) {
        std::ostringstream ignored;
        app.exit(error, console.out(), ignored);
        console.out() << std::flush;
        return exit_done;
    }
    auto const chosen = app.get_subcommands();
    return refuse_usage(console, wrong_usage_words(app, error, arguments),
        chosen.empty() ? std::string() : chosen.front()->get_name());
}

int run_verb(Verb& verb, Session& session)
{
    auto done = verb.run(session);
    if (done.ok())
        return exit_done;
    session.console().say(std::string(verb.words().name) + ": " + done.error().message());
    return exit_not_done;
}

} // namespace

int run_with(std::vector<std::string> const& typed, Console& console, Common& common, Asker& asker)
{
    auto const arguments = as_option(typed);
    CLI::App app{description};
    auto declared = declare_all(app, common);
    // CLI11 takes the arguments from the back. It tells wrong usage by throwing: an edge of ours.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        app.parse(std::move(reversed));
    } catch (CLI::ParseError const& error) {
        return answer_parse_error(app, error, console, arguments);
    }
    Session session(common, console, asker);
    auto chosen = std::ranges::find_if(declared, [](Declared const& d) { return d.app->parsed(); });
    if (chosen == declared.end())
        return refuse_usage(console, "no verb is given", {});
    if (auto wrong = chosen->verb->wrong_usage(); !wrong.empty())
        return refuse_usage(console, wrong, chosen->app->get_name());
    return run_verb(*chosen->verb, session);
}

int run(std::vector<std::string> const& arguments, Console& console)
{
    Common common;
    StateAsker asker(common.state_dir);
    return run_with(arguments, console, common, asker);
}

} // namespace tocsin::cli
