// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Release final : public Verb {
public:
    VerbWords words() const override
    {
        return {"release", "Thaws the actor of an incident and lets its opens through again",
            "  tocsin release 3"};
    }
    void declare(CLI::App& app) override
    {
        declare_incident(app, id_, "The incident's number, as `tocsin incidents` shows it")->required();
    }
    Result<void> run(Session& session) override
    {
        auto answer = TRY(session.ask("release", {{"id", id_}}));
        session.print(answer, show_incident);
        return {};
    }

private:
    std::int64_t id_ = 0;
};

} // namespace

std::unique_ptr<Verb> make_release()
{
    return std::make_unique<Release>();
}

} // namespace tocsin::cli
