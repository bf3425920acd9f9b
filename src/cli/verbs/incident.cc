// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Incident final : public Verb {
public:
    VerbWords words() const override
    {
        return {"incident", "Shows one incident with its activities and the actions taken",
            "  tocsin incident 3"};
    }
    void declare(CLI::App& app) override
    {
        declare_incident(app, id_, "The incident's number, as `tocsin incidents` shows it")->required();
    }
    Result<void> run(Session& session) override
    {
        auto answer = TRY(session.ask("incident", {{"id", id_}}));
        session.print(answer, show_incident);
        return {};
    }

private:
    std::int64_t id_ = 0;
};

} // namespace

std::unique_ptr<Verb> make_incident()
{
    return std::make_unique<Incident>();
}

} // namespace tocsin::cli
