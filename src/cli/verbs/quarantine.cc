// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Quarantine final : public Verb {
public:
    VerbWords words() const override
    {
        return {"quarantine", "Lists what undo set aside, and where it is kept",
            "  tocsin quarantine\n  tocsin quarantine 3"};
    }
    void declare(CLI::App& app) override { declare_incident(app, id_, "Only of this incident"); }
    Result<void> run(Session& session) override
    {
        json::object args;
        if (id_ != 0)
            args["id"] = id_;
        auto answer = TRY(session.ask("quarantine", std::move(args)));
        session.print(answer, show_quarantine);
        return {};
    }

private:
    std::int64_t id_ = 0;
};

} // namespace

std::unique_ptr<Verb> make_quarantine()
{
    return std::make_unique<Quarantine>();
}

} // namespace tocsin::cli
