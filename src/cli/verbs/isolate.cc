// SPDX-License-Identifier: Apache-2.0
// The running guard isolates; to end it, no guard is needed: whoever can become root on a host gets it back.
#include <chrono>
#include <fmt/format.h>

#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"
#include "tocsin/respond/isolation.h"
#include "tocsin/respond/network.h"

namespace tocsin::cli {

namespace {

std::string refuse_what_is_no_time_of_isolation(std::string const& text)
{
    auto duration = parse_duration(text);
    if (!duration.ok())
        return duration.error().message();
    auto const asked = duration.take();
    return asked >= std::chrono::seconds(1) && asked <= respond::isolated_at_most
        ? std::string()
        : "a host is isolated for 24h at most, and 1s at least";
}

class Isolate final : public Verb {
public:
    VerbWords words() const override
    {
        return {"isolate", "Cuts this host off from its network but for who is named, for a time",
            "  tocsin isolate --allow 10.0.0.9 --for 2h\n"
            "  tocsin isolate --allow 10.0.0.53:53 --allow '[2001:db8::5]:443'\n"
            "  tocsin isolate --end"};
    }
    void declare(CLI::App& app) override
    {
        auto* allow =
            app.add_option("--allow", allow_,
                   "Who is not cut off: an address, a range, or a port there (may be given several times)")
                ->type_name("ADDRESS[/BITS][:PORT]")
                ->allow_extra_args(false)
                ->check(CLI::Validator(respond::refuse_what_cannot_be_allowed, ""));
        auto* how_long = app.add_option("--for", for_, "For how long, such as 30m; it ends by itself")
                             ->type_name("TIME")
                             ->default_str("1h")
                             ->check(CLI::Validator(refuse_what_is_no_time_of_isolation, ""));
        app.add_flag("--end", end_, "End it before its time")->excludes(allow)->excludes(how_long);
    }
    Result<void> run(Session& session) override { return end_ ? end(session) : begin(session); }

private:
    Result<void> begin(Session& session)
    {
        json::array allow;
        for (auto const& place : allow_)
            allow.push_back(answers::json_text(place));
        auto const seconds = parse_duration(for_).take().count(); // checked when it was read
        auto answer = TRY(session.ask("isolate", {{"allow", std::move(allow)}, {"seconds", seconds}}));
        session.print(answer, show_isolation);
        if (!Fields(answer).yes("proved"))
            return Error(Errc::failed,
                "the isolation does not hold, as far as that could be tried: "
                    + Fields(answer).text("reason"));
        return {};
    }
    Result<void> end(Session& session)
    {
        auto asked = session.ask("isolate", {{"end", true}});
        if (asked.ok() || asked.error().code() != Errc::not_found) {
            auto answer = TRY(std::move(asked));
            session.print(answer, show_isolation);
            return {};
        }
        auto const lifted = TRY(respond::lift_isolation(respond::own_network())); // no guard runs
        session.print(json::object{{"isolated", false}, {"was_isolated", lifted == respond::Lifted::yes}},
            show_isolation);
        return {};
    }

    std::vector<std::string> allow_;
    std::string for_ = "1h";
    bool end_ = false; // filled by CLI11
};

} // namespace

std::unique_ptr<Verb> make_isolate()
{
    return std::make_unique<Isolate>();
}

} // namespace tocsin::cli
