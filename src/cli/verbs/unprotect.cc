// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

class Unprotect final : public Verb {
public:
    VerbWords words() const override
    {
        return {"unprotect", "Ends the guarding of these directories; the versions stay",
            "  tocsin unprotect /srv/office"};
    }
    void declare(CLI::App& app) override
    {
        app.add_option("PATH", paths_, "The directories, as `tocsin status` shows them")
            ->type_name("")
            ->required();
    }
    Result<void> run(Session& session) override
    {
        json::array paths;
        for (auto const& path : paths_) {
            auto absolute = TRY(absolute_path(path));
            paths.push_back(answers::json_text(absolute));
        }
        auto answer = TRY(session.ask("unprotect", {{"paths", std::move(paths)}}));
        session.print(answer, show_status);
        return {};
    }

private:
    std::vector<std::string> paths_;
};

} // namespace

std::unique_ptr<Verb> make_unprotect()
{
    return std::make_unique<Unprotect>();
}

} // namespace tocsin::cli
