// SPDX-License-Identifier: Apache-2.0
// Checks everything that can be wrong before anything is changed; then becomes the guard, asks
// the one that runs to guard more, or starts one.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

#include "tocsin/answers/place.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/guard/configuration.h"
#include "tocsin/cli/guard/launch.h"
#include "tocsin/cli/guard/wait.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/verb.h"
#include "tocsin/cli/words.h"
#include "tocsin/respond/never_cut.h"
#include "tocsin/respond/plan.h"

namespace tocsin::cli {

namespace {

constexpr std::chrono::seconds start_limit{30};

std::vector<std::string> guarded_trees(Fields const& status)
{
    std::vector<std::string> paths;
    for (auto const& tree : status.list("protected"))
        paths.push_back(Fields(tree).text("path"));
    return paths;
}

// Only root may be told by the kernel what others open.
Result<void> check_rights(std::string const& state_dir)
{
    if (::geteuid() != 0)
        return Error(Errc::denied, "guarding needs root");
    auto nearest = std::filesystem::path(state_dir);
    std::error_code ignored;
    while (!std::filesystem::exists(nearest, ignored) && nearest.has_relative_path())
        nearest = nearest.parent_path();
    if (!std::filesystem::is_directory(nearest, ignored))
        return Error(Errc::invalid,
            fmt::format("the state directory '{}' cannot be made: '{}' is not a directory", state_dir,
                nearest.string()));
    if (::access(nearest.c_str(), W_OK | X_OK) != 0)
        return Error::from_errno(errno, fmt::format("the state directory '{}' cannot be written", state_dir));
    return {};
}

class Protect final : public Verb {
public:
    VerbWords words() const override
    {
        return {"protect", "Guards these directories with all that is in them",
            "  tocsin protect /srv/office\n"
            "  tocsin protect /srv/office /home --exclude '*.tmp' --reserve 50G\n"
            "  tocsin protect --config /etc/tocsin/tocsin.toml\n"
            "  tocsin protect --allow-device-writes 30m"};
    }

    void declare(CLI::App& app) override
    {
        app.add_option("PATH", paths_, "The directories (needed where --config names none)")->type_name("");
        app.add_option("--config", config_, "A file in TOML that says what is not said here")
            ->type_name("FILE");
        app.add_option("--respond", respond_, "What is done to a destroyer: only noted, frozen, or killed")
            ->type_name("observe|freeze|stop")
            ->default_str(std::string(name_of(respond::Policy::freeze)))
            ->check(CLI::Validator(respond::refuse_what_is_no_policy, ""));
        app.add_option(
               "--exclude", excludes_, "Keep no versions of what matches (may be given several times)")
            ->type_name("GLOB")
            ->allow_extra_args(false);
        app.add_option("--never-cut", never_cut_,
               "A client's address that is never blocked, or a range (may be given several times)")
            ->type_name("ADDRESS")
            ->allow_extra_args(false)
            ->check(CLI::Validator(respond::refuse_what_is_no_address, ""));
        app.add_option("--repository", repository_,
               "Where the versions are kept (default: below the state directory)")
            ->type_name("DIR")
            ->check(CLI::Validator(refuse_what_is_not_absolute, ""));
        app.add_option("--reserve", reserve_, "Space that the repository must leave free, such as 10G")
            ->type_name("SIZE")
            ->check(CLI::Validator(refuse_what_is_no_size, ""));
        app.add_option("--allow-device-writes", device_writes_,
               "Let the devices below the guarded trees be written to for so long, such as 30m; 0 ends it")
            ->type_name("TIME")
            ->check(CLI::Validator(refuse_what_is_no_duration, ""));
        auto* foreground =
            app.add_flag("--foreground", foreground_, "Become the guard: this process's id is the guard's");
        app.add_flag("--no-wait", no_wait_, "Do not wait until everything is captured")->excludes(foreground);
    }

    std::string wrong_usage() const override
    {
        return paths_.empty() && config_.empty() && device_writes_.empty() ? "PATH is required" : "";
    }

    Result<void> run(Session& session) override
    {
        if (!config_.empty())
            configured_ = TRY(read_configuration(config_));
        auto state_dir = TRY(absolute_path(session.common().state_dir));
        TRY(check_rights(state_dir));
        auto status = TRY(session.ask("status", {}));
        Fields now(status);
        bool guard_runs = now.text("state") != "stopped";
        if (guard_runs)
            TRY(refuse_what_is_told_at_the_start(session));
        if (!guard_runs && !device_writes_.empty())
            return Error(Errc::not_found,
                fmt::format(
                    "no guard runs on '{}': nothing keeps its devices from being written to", state_dir));
        auto around = TRY(surroundings(state_dir, now, guard_runs));
        auto wanted = TRY(wanted_paths(around.guarded));
        auto places = TRY(answers::check_places(wanted, around));
        if (guard_runs) {
            TRY(ask_running_guard(session, places));
            return show_result(session);
        }
        auto program = TRY(find_guard_program());
        auto options = guard_options(state_dir, around.repository, std::move(places));
        if (foreground_)
            return become_guard(program, options);
        TRY(start_guard(program, options, start_limit));
        return show_result(session);
    }

private:
    // The command line goes before the file.
    template <typename T>
    static T const& said(T const& here, T const& in_file)
    {
        return here.empty() ? in_file : here;
    }

    // What is named here: the guard says whether it is guarded already, as it shall be, and `guarded` holds it no
    // more. Else what the file names, but for what is guarded already: the file says what is to be, and may be
    // told to a running guard again.
    Result<std::vector<std::string>> wanted_paths(std::vector<std::string>& guarded) const
    {
        if (paths_.empty() && configured_.paths.empty() && config_.empty())
            return std::vector<std::string>{}; // only devices are asked for
        if (paths_.empty() && configured_.paths.empty())
            return Error(Errc::invalid, "'" + config_ + "' names no paths to protect");
        std::vector<std::string> out;
        for (auto const& path : said(paths_, configured_.paths)) {
            auto resolved = sys::real_path(path); // as `guarded` are; one that is none is told of later
            auto place = resolved.ok() ? resolved.take() : path;
            auto const at = std::ranges::find(guarded, place);
            bool const is_guarded = at != guarded.end();
            if (is_guarded && paths_.empty())
                continue;
            if (is_guarded)
                guarded.erase(at);
            out.push_back(paths_.empty() ? std::move(place) : path);
        }
        return out;
    }

    Result<answers::Surroundings> surroundings(
        std::string const& state_dir, Fields const& now, bool guard_runs) const
    {
        answers::Surroundings around{state_dir, {}, {}};
        if (auto const& named = said(repository_, configured_.repository); !named.empty())
            around.repository = TRY(absolute_path(named));
        if (guard_runs)
            around.guarded = guarded_trees(now);
        return around;
    }

    GuardOptions guard_options(
        std::string const& state_dir, std::string const& repository, std::vector<std::string> places) const
    {
        GuardOptions options{.state_dir = state_dir,
            .respond = said(respond_, configured_.respond),
            .excludes = said(excludes_, configured_.excludes),
            .repository = repository,
            .paths = std::move(places),
            .never_cut = said(never_cut_, configured_.never_cut),
            .isolation_allow = configured_.isolation_allow,
            .starts_again = !foreground_}; // in the foreground a service manager does that
        if (options.respond.empty())
            options.respond = name_of(respond::Policy::freeze);
        if (auto const& reserve = said(reserve_, configured_.reserve); !reserve.empty())
            options.reserve_bytes = parse_size(reserve).take(); // checked when it was read
        return options;
    }

    Result<void> refuse_what_is_told_at_the_start(Session& session) const
    {
        if (foreground_)
            return Error(Errc::exists,
                fmt::format("a guard runs on '{}' already; without --foreground it would guard these "
                            "directories as well",
                    session.common().state_dir));
        if (!respond_.empty() || !repository_.empty() || !reserve_.empty() || !never_cut_.empty())
            return Error(Errc::invalid,
                "a guard runs already: --respond, --never-cut, --repository and --reserve are told when it "
                "starts");
        return {};
    }

    Result<void> ask_running_guard(Session& session, std::vector<std::string> const& places)
    {
        if (!device_writes_.empty())
            TRY(session.ask("device_writes", {{"seconds", parse_duration(device_writes_).take().count()}}));
        if (places.empty())
            return {};
        json::array paths;
        for (auto const& place : places)
            paths.push_back(answers::json_text(place));
        json::object args{{"paths", std::move(paths)}};
        json::array excludes;
        for (auto const& glob : said(excludes_, configured_.excludes))
            excludes.push_back(answers::json_text(glob));
        args["exclude"] = std::move(excludes);
        TRY(session.ask("protect", std::move(args)));
        return {};
    }

    Result<void> show_result(Session& session)
    {
        auto status = TRY(no_wait_ ? session.ask("status", {}) : wait_until_guarding(session));
        session.print(status, show_status);
        if (Fields(status).text("state") == "blind")
            return Error(Errc::failed, "the guard is blind: " + Fields(status).text("reason"));
        return {};
    }

    std::string config_;
    Configuration configured_;
    std::vector<std::string> paths_;
    std::string respond_; // empty: not said
    std::vector<std::string> excludes_;
    std::vector<std::string> never_cut_;
    std::string repository_;
    std::string reserve_;
    std::string device_writes_; // for how long; empty: not said
    bool foreground_ = false; // filled by CLI11
    bool no_wait_ = false; // filled by CLI11
};

} // namespace

std::unique_ptr<Verb> make_protect()
{
    return std::make_unique<Protect>();
}

} // namespace tocsin::cli
