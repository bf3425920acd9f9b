// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

class Versions final : public Verb {
public:
    VerbWords words() const override
    {
        return {"versions", "Shows the kept versions of a file, oldest first, also of one that is gone",
            "  tocsin versions /srv/office/budget.ods"};
    }
    void declare(CLI::App& app) override
    {
        app.add_option("PATH", path_, "The file")->type_name("")->required();
    }
    Result<void> run(Session& session) override
    {
        auto path = TRY(absolute_path(path_));
        auto answer = TRY(session.ask("versions", {{"path", answers::json_text(path)}}));
        session.print(answer, show_versions);
        return {};
    }

private:
    std::string path_;
};

} // namespace

std::unique_ptr<Verb> make_versions()
{
    return std::make_unique<Versions>();
}

} // namespace tocsin::cli
