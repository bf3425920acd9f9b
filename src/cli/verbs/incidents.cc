// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Incidents final : public Verb {
public:
    VerbWords words() const override
    {
        return {"incidents", "Lists the incidents, oldest first", "  tocsin incidents"};
    }
    void declare(CLI::App&) override { }
    Result<void> run(Session& session) override
    {
        auto answer = TRY(session.ask("incidents", {}));
        session.print(answer, show_incidents);
        return {};
    }
};

} // namespace

std::unique_ptr<Verb> make_incidents()
{
    return std::make_unique<Incidents>();
}

} // namespace tocsin::cli
