// SPDX-License-Identifier: Apache-2.0
// tocsin-supervisor -- watches the guard that started it. People need not start it.
#include <CLI/CLI.hpp>
#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

#include "tocsin/base/exec_words.h"
#include "tocsin/base/log.h"
#include "tocsin/base/precedence.h"
#include "tocsin/supervise/supervisor.h"

namespace {

using namespace tocsin;
using supervise::Supervisor;

constexpr std::chrono::seconds young_below{10}; // a guard that was watched for less will die again
constexpr std::chrono::milliseconds pause_if_young{5000};
constexpr std::chrono::milliseconds pause_otherwise{100}; // for a service manager's own SIGTERM to come

// A service manager tells all processes of a unit to end. This one ends with the guard; what comes
// while the guard is about to be started again is asked for then.
sigset_t block_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)std::signal(SIGHUP, SIG_IGN);
    (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
    return set;
}

void run_before_all_others()
{
    set_precedence(Precedence::deadlines);
    (void)::mlockall(MCL_CURRENT | MCL_FUTURE); // a page that must come from the disk may wait for the guard
}

// Comes back only where it failed, or where somebody told it to end meanwhile.
int become_guard(std::vector<std::string> command, Supervisor::End why, sigset_t const& signals,
    std::chrono::milliseconds pause)
{
    timespec const at_once{};
    while (::sigtimedwait(&signals, nullptr, &at_once) > 0) {
    } // sent while the guard lived: it has seen to them itself
    timespec const limit{
        pause / std::chrono::seconds(1), (pause % std::chrono::seconds(1)).count() * 1'000'000};
    if (int const number = ::sigtimedwait(&signals, nullptr, &limit); number > 0) {
        log_line(Severity::warning,
            "the guard " + std::string(words_of(why)) + ", and is not started again: told to end");
        return 0;
    }
    log_line(Severity::warning, "the guard " + std::string(words_of(why)) + ": it is started again");
    command.insert(command.begin() + 1, {"--died", std::string(words_of(why))});
    auto arguments = pointers_to(command);
    set_precedence(Precedence::none);
    (void)::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    ::execv(command.front().c_str(), arguments.data());
    log_line(Severity::error, Error::from_errno(errno, "start '" + command.front() + "'").message());
    return 1;
}

// How the guard with this number ended. It is our parent for as long as it lives: a number that is not
// any more may be a stranger's.
Result<Supervisor::End> watch_guard(pid_t number, UniqueFd pulse_fd)
{
    auto pulse = TRY(supervise::Pulse::open(std::move(pulse_fd)));
    auto dir = TRY(proc::ProcDir::open());
    auto guard = PidRef::open(number);
    if (!guard.ok() || ::getppid() != number)
        return pulse.ends_in_order() ? Supervisor::End::in_order : Supervisor::End::died;
    return Supervisor(guard.take(), std::move(pulse), std::move(dir), {}, log_line).watch();
}

} // namespace

int main(int argc, char** argv)
{
    int pulse_fd = -1;
    pid_t guard = 0;
    bool again = false;
    std::vector<std::string> command;
    CLI::App app("Watches the guard that started it. Started by `tocsin-guardd`.", "tocsin-supervisor");
    app.add_option("--pulse", pulse_fd, "The descriptor of the page that it shares with the guard")
        ->required();
    app.add_option("--guard", guard, "The process id of the guard, its parent")->required();
    app.add_flag("--again", again, "Start the guard again where it ends otherwise than in order");
    app.add_option("COMMAND", command, "The guard's own")->required();
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    auto signals = block_signals();
    (void)::setsid(); // what is sent to the guard's terminal or group is not for this one
    run_before_all_others();
    auto const began = steady_now();
    auto watched = watch_guard(guard, UniqueFd(pulse_fd));
    if (!watched.ok()) {
        log_line(Severity::error, watched.error().message());
        return 1;
    }
    auto const end = watched.take();
    if (end == Supervisor::End::in_order || !again)
        return 0;
    bool const is_young = steady_now() - began < young_below;
    return become_guard(std::move(command), end, signals, is_young ? pause_if_young : pause_otherwise);
}
