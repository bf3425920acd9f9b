// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

class Check final : public Verb {
public:
    VerbWords words() const override
    {
        return {"check", "Verifies the journal's chain and that the repository holds what the journal names",
            "  tocsin check --read-data"};
    }
    void declare(CLI::App& app) override
    {
        app.add_flag("--read-data", read_data_, "Read every byte of the repository, not only its index");
    }
    Result<void> run(Session& session) override
    {
        auto answer = TRY(session.ask("check", {{"read_data", read_data_}}));
        session.print(answer, show_check);
        if (!Fields(answer).yes("ok"))
            return Error(Errc::corrupt, "something is damaged");
        return {};
    }

private:
    bool read_data_ = false; // filled by CLI11
};

} // namespace

std::unique_ptr<Verb> make_check()
{
    return std::make_unique<Check>();
}

} // namespace tocsin::cli
