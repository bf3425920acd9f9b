// SPDX-License-Identifier: Apache-2.0
// tocsin-guardd -- the guard. `tocsin protect` starts it; people need not.
//
// Signals are blocked in all threads and taken by sigwait in one of their own: no handler runs anywhere.
#include <CLI/CLI.hpp>
#include <csignal>
#include <thread>
#include <unistd.h>

#include "tocsin/answers/socket.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/guard/guard.h"
#include "tocsin/respond/allowed.h"
#include "tocsin/respond/never_cut.h"
#include "tocsin/respond/plan.h"

namespace {

using namespace tocsin;

constexpr timespec before_another_start{5, 0};

void block_signals(sigset_t& set)
{
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    (void)std::signal(SIGPIPE, SIG_IGN);
}

// How this guard is started again: what it does not remember by itself is named.
std::vector<std::string> command_again(std::string const& program, guard::Options const& options)
{
    std::vector<std::string> words{program, "--again", "--state", options.state_dir, "--respond",
        std::string(name_of(options.policy)), "--reserve", std::to_string(options.reserve_bytes)};
    if (!options.is_defended)
        words.emplace_back("--undefended");
    for (auto const& address : options.never_cut)
        words.insert(words.end(), {"--never-cut", address});
    for (auto const& place : options.isolation_allow)
        words.insert(words.end(), {"--isolation-allow", place});
    return words;
}

std::optional<supervise::SupervisorProcess::Options> supervisor_of(
    guard::Options const& options, supervise::AfterDeath after_death)
{
    auto own = sys::read_link_at(AT_FDCWD, "/proc/self/exe");
    if (!own.ok())
        return std::nullopt;
    auto program = own.take();
    auto beside = program.substr(0, program.rfind('/') + 1) + "tocsin-supervisor";
    return supervise::SupervisorProcess::Options{beside, command_again(program, options), after_death};
}

bool another_guard_runs(guard::Options const& options)
{
    return answers::ControlClient::connect(options.state_dir).ok();
}

// What killed the guard before may keep this one from its start for a while, or a disk that is not
// mounted, or a command that works on the state directory meanwhile.
Result<std::unique_ptr<guard::Guard>> start_in_its_place(
    guard::Options const& options, sigset_t const& signals)
{
    std::string told;
    for (;;) {
        auto started = guard::Guard::start(options);
        // Nothing is left to guard by.
        bool const is_gone = ::access(options.state_dir.c_str(), F_OK) != 0 && errno == ENOENT;
        if (started.ok() || is_gone || another_guard_runs(options))
            return started;
        if (told != started.error().message())
            log_line(Severity::error, started.error().message());
        told = started.error().message();
        if (int const number = ::sigtimedwait(&signals, nullptr, &before_another_start);
            number > 0 && number != SIGHUP)
            return Error(Errc::failed, "told to end before it could start");
    }
}

int run_guard(guard::Options const& options)
{
    sigset_t signals;
    block_signals(signals); // before any thread begins: they inherit it
    auto started = options.died.empty() ? guard::Guard::start(options) : start_in_its_place(options, signals);
    if (!started.ok()) {
        log_line(Severity::error, started.error().message());
        return started.error().code() == Errc::invalid ? 2 : 1;
    }
    auto running = started.take();
    std::jthread waiter([&] {
        int number = 0;
        while (::sigwait(&signals, &number) == 0 && number == SIGHUP) { }
        running->stop();
    });
    running->run();
    (void)::pthread_kill(waiter.native_handle(), SIGTERM); // it may still wait
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    guard::Options options;
    options.service_manager = supervise::ServiceManager::take_environment();
    options.state_dir = "/var/lib/tocsin";
    std::string respond(name_of(options.policy));
    CLI::App app("Guards directory trees. Started by `tocsin protect`.", "tocsin-guardd");
    app.add_option("--state", options.state_dir, "Where everything of this guard is kept");
    app.add_option("--respond", respond, "What is done to an attacker")
        ->check(CLI::Validator(respond::refuse_what_is_no_policy, "observe|freeze|stop"));
    app.add_option("--exclude", options.excludes, "Glob of paths whose content is not kept")
        ->allow_extra_args(false);
    app.add_option("--never-cut", options.never_cut, "Address, or range of addresses, that is never cut off")
        ->allow_extra_args(false)
        ->check(CLI::Validator(respond::refuse_what_is_no_address, "ADDRESS"));
    app.add_option(
           "--isolation-allow", options.isolation_allow, "Whom this host talks to while it is isolated")
        ->allow_extra_args(false)
        ->check(CLI::Validator(respond::refuse_what_cannot_be_allowed, "ADDRESS[/BITS][:PORT]"));
    app.add_option("--repository", options.repository, "Where versions are kept");
    app.add_option("--reserve", options.reserve_bytes, "Bytes of the repository's disk to leave free")
        ->transform(CLI::AsSizeValue(false));
    app.add_option("--record", options.recording, "Write all that the verdict is given to this file");
    bool starts_again = false;
    app.add_flag("--again", starts_again, "Be started again after any end that is not in order");
    bool is_alone = false;
    app.add_flag("--unsupervised", is_alone, "Run without a supervisor, for a debugger")->excludes("--again");
    bool is_undefended = false;
    app.add_flag("--undefended", is_undefended, "Let root stop and kill it, for tests");
    app.add_option("--died", options.died, "How the guard ended in whose place this one is started");
    app.add_option("path", options.paths, "Trees to protect");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.is_defended = !is_undefended;
    options.policy = respond::policy_named(respond).take(); // checked when it was read
    auto const after_death =
        starts_again ? supervise::AfterDeath::start_again : supervise::AfterDeath::nothing;
    if (!is_alone)
        options.supervisor = supervisor_of(options, after_death);
    return run_guard(options);
}
