// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/supervisor_process.h"

#include <csignal>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tocsin/base/exec_words.h"

namespace tocsin::supervise {
namespace {

constexpr std::chrono::seconds start_every{1}; // of a program that is missing, or is killed at once
constexpr int pulse_number = 3; // the descriptor by which the supervisor is given the pulse

} // namespace

SupervisorProcess::SupervisorProcess(Options options, Pulse pulse, proc::ProcDir dir)
    : options_(std::move(options)), pulse_(std::move(pulse)), proc_(std::move(dir))
{
}

Result<std::unique_ptr<SupervisorProcess>> SupervisorProcess::create(Options options)
{
    auto pulse = TRY(Pulse::create());
    auto dir = TRY(proc::ProcDir::open());
    auto out = std::make_unique<SupervisorProcess>(std::move(options), std::move(pulse), std::move(dir));
    out->runs_ = out->start().ok();
    return out;
}

Result<void> SupervisorProcess::start()
{
    std::vector<std::string> words{
        options_.supervisor, "--pulse", std::to_string(pulse_number), "--guard", std::to_string(::getpid())};
    if (options_.after_death == AfterDeath::start_again)
        words.emplace_back("--again");
    words.emplace_back("--");
    words.insert(words.end(), options_.guard.begin(), options_.guard.end());
    auto arguments = pointers_to(words);

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, pulse_.fd(), pulse_number); // also takes O_CLOEXEC away
    int const failed =
        ::posix_spawn(&pid_, options_.supervisor.c_str(), &files, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        pid_ = 0;
        return Error::from_errno(failed, "start '" + options_.supervisor + "'");
    }
    return {};
}

std::string SupervisorProcess::look_after()
{
    std::erase_if(replaced_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
    auto const state = state_of_child();
    runs_ = state == Child::runs || state == Child::stopped;
    if (state == Child::runs)
        return {};
    if (state == Child::stopped) {
        (void)::kill(pid_, SIGCONT); // our own child, not waited for: the number is still its
        return "the supervisor was stopped by a signal, and continued";
    }
    if (state == Child::traced) {
        (void)::kill(pid_, SIGKILL); // it cannot look while it is traced: another one can
        replaced_.push_back(pid_); // its tracer may keep it from ending
        pid_ = 0;
        return "the supervisor was stopped by a tracer, and is replaced";
    }
    pid_ = 0;
    if (steady_now() < next_start_)
        return "no supervisor runs";
    next_start_ = steady_now() + start_every;
    auto started = start();
    return started.ok() ? "no supervisor ran: one was started"
                        : "no supervisor runs: " + started.error().message();
}

Result<proc::Stat> SupervisorProcess::process() const
{
    return pid_ == 0 ? Error(Errc::not_found, "no supervisor runs") : proc_.stat(pid_);
}

SupervisorProcess::Child SupervisorProcess::state_of_child() const
{
    if (pid_ == 0 || ::waitpid(pid_, nullptr, WNOHANG) != 0)
        return Child::ended;
    auto stat = proc_.stat(pid_);
    if (!stat.ok())
        return Child::runs;
    auto const seen = stat.take();
    // One that is killed under a tracer is a zombie of which we are not told until the tracer asks.
    if (seen.has_ended())
        return Child::ended;
    return seen.state == 'T' ? Child::stopped : seen.state == 't' ? Child::traced : Child::runs;
}

SupervisorProcess::~SupervisorProcess()
{
    pulse_.end_in_order();
    if (pid_ == 0)
        return;
    (void)::kill(pid_, SIGKILL); // this process may go on, and start another supervisor
    for (int tries = 0; tries < 100 && state_of_child() != Child::ended; ++tries)
        (void)::usleep(1'000);
}

} // namespace tocsin::supervise
