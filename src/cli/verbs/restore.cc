// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/base/clock.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

std::string refuse_what_is_no_time(std::string const& text)
{
    auto time = parse_time(text);
    return time.ok() ? std::string() : time.error().message();
}

class Restore final : public Verb {
public:
    VerbWords words() const override
    {
        return {"restore", "Gives back files or folders as they were",
            "  tocsin restore /srv/office/budget.ods --at '2026-11-24 09:00'\n"
            "  tocsin restore /srv/office/budget.ods --version 812 --to /tmp"};
    }
    void declare(CLI::App& app) override
    {
        app.add_option("PATH", paths_, "Files or folders, by the names they had")->type_name("")->required();
        auto* at =
            app.add_option("--at", at_,
                   "The newest that is no later than TIME (UTC where no offset stands); this or --version is "
                   "required")
                ->type_name("TIME")
                ->check(CLI::Validator(refuse_what_is_no_time, ""));
        app.add_option("--version", version_,
               "The one that `tocsin versions` shows with number N; this or --at is required")
            ->type_name("N")
            ->check(CLI::Validator(refuse_what_is_no_number, ""))
            ->excludes(at);
        app.add_option("--to", to_, "Put it below DIR as TREE-NAME/PATH, not in place of what is there now")
            ->type_name("DIR");
    }
    std::string wrong_usage() const override
    {
        return at_.empty() && version_ == 0 ? "say which version: --at TIME or --version N" : "";
    }
    Result<void> run(Session& session) override
    {
        json::array paths;
        for (auto const& path : paths_) {
            auto absolute = TRY(absolute_path(path));
            paths.push_back(answers::json_text(absolute));
        }
        json::object args{{"paths", std::move(paths)}};
        if (version_ != 0)
            args["version"] = version_;
        else
            args["at"] = at_;
        if (to_) {
            auto to = TRY(absolute_path(*to_).context("--to"));
            args["to"] = answers::json_text(to);
        }
        auto answer = TRY(session.ask("restore", std::move(args)));
        session.print(answer, show_restored);
        if (auto failed = Fields(answer).number("failed"); failed > 0)
            return Error(Errc::failed, fmt::format("{} objects could not be given back", grouped(failed)));
        return {};
    }

private:
    std::vector<std::string> paths_;
    std::string at_;
    std::int64_t version_ = 0;
    std::optional<std::string> to_;
};

} // namespace

std::unique_ptr<Verb> make_restore()
{
    return std::make_unique<Restore>();
}

} // namespace tocsin::cli
