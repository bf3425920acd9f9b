// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

class Undo final : public Verb {
public:
    VerbWords words() const override
    {
        return {"undo", "Takes back what the actor of an incident changed, and only that",
            "  tocsin undo 3 --dry-run\n  tocsin undo 3\n  tocsin undo 3 --to /srv/before-the-attack"};
    }
    void declare(CLI::App& app) override
    {
        declare_incident(app, id_, "The incident's number, as `tocsin incidents` shows it")->required();
        app.add_flag("--dry-run", dry_run_, "Say what would be done, do nothing");
        app.add_option(
               "--to", to_, "Leave the trees alone: put what the actor changed, as it was before, below DIR")
            ->type_name("DIR");
    }
    Result<void> run(Session& session) override
    {
        json::object args{{"id", id_}, {"dry_run", dry_run_}};
        if (to_) {
            auto to = TRY(absolute_path(*to_).context("--to"));
            args["to"] = answers::json_text(to);
        }
        auto answer = TRY(session.ask("undo", std::move(args)));
        session.print(answer, dry_run_ ? show_dry_run : show_undo);
        if (auto failed = Fields(answer).number("failed"); failed > 0 && !dry_run_)
            return Error(Errc::failed, fmt::format("{} objects could not be put back", grouped(failed)));
        return {};
    }

private:
    std::int64_t id_ = 0;
    bool dry_run_ = false; // filled by CLI11
    std::optional<std::string> to_;
};

} // namespace

std::unique_ptr<Verb> make_undo()
{
    return std::make_unique<Undo>();
}

} // namespace tocsin::cli
