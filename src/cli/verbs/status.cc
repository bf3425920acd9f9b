// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Status final : public Verb {
public:
    VerbWords words() const override
    {
        return {"status", "Shows what the guard does and which promises hold on this host",
            "  tocsin status --json\n"
            "Exit status 0 says that the state is shown, whichever it is; scripts ask \"state\" of --json."};
    }
    void declare(CLI::App&) override { }
    Result<void> run(Session& session) override
    {
        auto answer = TRY(session.ask("status", {}));
        session.print(answer, show_status);
        return {};
    }
};

} // namespace

std::unique_ptr<Verb> make_status()
{
    return std::make_unique<Status>();
}

} // namespace tocsin::cli
