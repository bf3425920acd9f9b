// SPDX-License-Identifier: Apache-2.0
// Real destroyers on a copy of real files, on a file system of the drill's own.
#include <algorithm>
#include <fmt/format.h>
#include <ranges>
#include <unistd.h>

#include "tocsin/answers/place.h"
#include "tocsin/base/log.h"
#include "tocsin/base/path.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/drill/scenario.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/guard/launch.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"

namespace tocsin::cli {

namespace {

constexpr std::size_t differences_told = 3;

std::vector<std::string> destroyer_names()
{
    std::vector<std::string> names;
    for (auto const& destroyer : all_destroyers())
        names.emplace_back(destroyer.name);
    return names;
}

// A drill that leaves a destroyer out would promise more than it has seen.
Result<void> check_programs(std::vector<Destroyer> const& destroyers)
{
    for (auto const* name : {"mkfs.ext4", "mount", "cp", "find", "sh"}) {
        if (!has_program(name))
            return Error(Errc::not_found, fmt::format("the program '{}' is not installed", name));
    }
    for (auto const& destroyer : destroyers) {
        for (auto name : destroyer.needs) {
            if (!has_program(std::string(name)))
                return Error(Errc::not_found,
                    fmt::format("the destroyer '{}' needs the program '{}', which is not installed",
                        destroyer.name, name));
        }
    }
    return {};
}

// What the drill writes and mounts there would be watched, and refused, as anybody's.
Result<void> refuse_within_what_is_guarded(Session& session, std::string const& work)
{
    auto const status = TRY(session.ask("status", {}));
    Fields const now(status);
    if (now.text("state") == "stopped")
        return {};
    for (auto const& item : now.list("protected")) {
        auto const tree = Fields(item).text("path");
        if (lies_in(work, tree))
            return Error(Errc::invalid,
                fmt::format("'{}' lies in '{}', which is guarded: choose another place with --work",
                    printable(work, 4096), printable(tree, 4096)));
    }
    return {};
}

class Drill final : public Verb {
public:
    VerbWords words() const override
    {
        return {"drill", "Proves on a copy of files, with real destroyers, that this host is protected",
            "  tocsin drill\n  tocsin drill /srv/office --only shred --only rm"};
    }

    void declare(CLI::App& app) override
    {
        app.add_option("DIR", folder_, "Whose files are copied (default: files that this host has installed)")
            ->type_name("");
        app.add_option("--only", only_, "Only this destroyer (may be given several times)")
            ->type_name("NAME")
            ->allow_extra_args(false)
            ->check(CLI::IsMember(destroyer_names()).description(""));
        app.add_option("--work", work_, "Where the drill makes its file system")
            ->type_name("DIR")
            ->capture_default_str();
    }

    Result<void> run(Session& session) override
    {
        if (::geteuid() != 0)
            return Error(Errc::denied, "a drill needs root");
        auto work = TRY(answers::resolve(work_));
        TRY(refuse_within_what_is_guarded(session, work));
        auto can_cage = TRY(sys::is_mount_point("/"));
        if (!can_cage)
            return Error(Errc::unsupported,
                "a drill keeps its destroyers from all other mounts, and '/' is none here: not in this "
                "chroot");
        auto destroyers = chosen();
        TRY(check_programs(destroyers));
        auto program = TRY(find_guard_program());
        remove_leftovers(work);
        Interrupts interrupts;
        auto results = TRY(run_all(session, destroyers, program, work, interrupts));
        session.console().end_progress();
        tell_differences(session, results);
        session.print(to_json(results), show_drill);
        if (!passed(results))
            return Error(Errc::failed, "this host is not protected against every destroyer of the drill");
        return {};
    }

private:
    std::vector<Destroyer> chosen() const
    {
        std::vector<Destroyer> out;
        for (auto const& destroyer : all_destroyers()) {
            if (only_.empty() || std::ranges::find(only_, destroyer.name) != only_.end())
                out.push_back(destroyer);
        }
        return out;
    }

    Result<std::vector<ScenarioResult>> run_all(Session& session, std::vector<Destroyer> const& destroyers,
        std::string const& program, std::string const& work, Interrupts& interrupts) const
    {
        auto sample = TRY(folder_.empty() ? sample_of_host() : sample_of_folder(folder_));
        session.console().show({0, destroyers.size(), sample.bytes, "preparing the drill"});
        auto arena = TRY(Arena::make(work, sample));
        std::vector<ScenarioResult> results;
        for (auto const& destroyer : destroyers) {
            TRY(interrupts.check());
            session.console().show({results.size(), destroyers.size(), 0, std::string(destroyer.name)});
            auto result = TRY(run_scenario(arena, destroyer, program, interrupts).context(destroyer.name));
            results.push_back(std::move(result));
        }
        return results;
    }

    static void tell_differences(Session& session, std::vector<ScenarioResult> const& results)
    {
        for (auto const& result : results) {
            for (auto const& difference : result.differences | std::views::take(differences_told))
                session.console().say(fmt::format("drill: after {}: '{}' {}", result.name,
                    printable(difference.path, 1000), difference.what));
        }
    }

    std::string folder_;
    std::vector<std::string> only_;
    std::string work_ = "/var/tmp";
};

} // namespace

std::unique_ptr<Verb> make_drill()
{
    return std::make_unique<Drill>();
}

} // namespace tocsin::cli
