// SPDX-License-Identifier: Apache-2.0
// cli/verb.h -- what each verb is to the program, and what the program is to a verb.
//
// A verb declares its options on a CLI11 sub-command, which fills its members; then run() does
// the work. Everything it needs from outside comes through the Session, so that tests can give
// it a guard made of words. Threads: one.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/answers/protocol.h"
#include "tocsin/cli/console.h"

namespace tocsin::cli {

enum class Form { people, json };

// What every verb takes, before or after its name.
struct Common {
    std::string state_dir = "/var/lib/tocsin";
    bool as_json = false; // filled by CLI11

    Form form() const { return as_json ? Form::json : Form::people; }
};

// Who answers: the running guard, or the journal where none runs.
class Asker {
public:
    virtual ~Asker() = default;
    virtual Result<json::value> ask(answers::Request const& request, answers::ProgressSink const& sink) = 0;
};

using Show = std::string (*)(json::value const&);

class Session {
public:
    Session(Common const& common, Console& console, Asker& asker)
        : common_(common), console_(console), asker_(asker)
    {
    }

    Common const& common() const { return common_; }
    Console& console() { return console_; }

    // Shows the progress of it. Errors are the answerer's own sentences.
    Result<json::value> ask(std::string_view verb, json::object args);

    // The answer as it is for --json, else what `show` makes of it.
    void print(json::value const& answer, Show show);

private:
    Common const& common_;
    Console& console_;
    Asker& asker_;
};

struct VerbWords {
    std::string_view name;
    std::string_view summary; // one line
    std::string_view examples; // a line each
};

class Verb {
public:
    virtual ~Verb() = default;
    virtual VerbWords words() const = 0;
    virtual void declare(CLI::App& app) = 0;
    // After the options were read: what is wrong with them together; empty when nothing is.
    virtual std::string wrong_usage() const { return {}; }
    virtual Result<void> run(Session& session) = 0;
};

// All of them, in the order of --help. One file each in verbs/.
std::vector<std::unique_ptr<Verb>> all_verbs();

std::unique_ptr<Verb> make_protect();
std::unique_ptr<Verb> make_unprotect();
std::unique_ptr<Verb> make_status();
std::unique_ptr<Verb> make_incidents();
std::unique_ptr<Verb> make_incident();
std::unique_ptr<Verb> make_release();
std::unique_ptr<Verb> make_stop();
std::unique_ptr<Verb> make_isolate();
std::unique_ptr<Verb> make_undo();
std::unique_ptr<Verb> make_versions();
std::unique_ptr<Verb> make_restore();
std::unique_ptr<Verb> make_check();
std::unique_ptr<Verb> make_quarantine();
std::unique_ptr<Verb> make_drill();

// The positional ID of an incident: a whole number from 1.
CLI::Option* declare_incident(CLI::App& app, std::int64_t& id, std::string const& description);

// For CLI11: the sentence against what is no whole number from 1, empty for what is one.
std::string refuse_what_is_no_number(std::string const& text);

} // namespace tocsin::cli
