// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/supervision.h"

#include <csignal>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tocsin::supervise {
namespace {

constexpr std::chrono::seconds start_every{1}; // of a program that is missing, or is killed at once
constexpr int pulse_number = 3; // the descriptor by which the supervisor is given the pulse

std::vector<char*> pointers_to(std::vector<std::string>& words)
{
    std::vector<char*> out;
    for (auto& word : words)
        out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

} // namespace

Supervision::Supervision(Commands commands, Pulse pulse, proc::ProcDir dir)
    : commands_(std::move(commands)), pulse_(std::move(pulse)), proc_(std::move(dir))
{
}

Result<std::unique_ptr<Supervision>> Supervision::begin(Commands commands)
{
    auto pulse = TRY(Pulse::create());
    auto dir = TRY(proc::ProcDir::open());
    auto out = std::make_unique<Supervision>(std::move(commands), std::move(pulse), std::move(dir));
    out->runs_ = out->start().ok();
    return out;
}

Result<void> Supervision::start()
{
    std::vector<std::string> words{
        commands_.supervisor, "--pulse", std::to_string(pulse_number), "--guard", std::to_string(::getpid())};
    if (commands_.after_death == AfterDeath::start_again)
        words.emplace_back("--again");
    words.emplace_back("--");
    words.insert(words.end(), commands_.guard.begin(), commands_.guard.end());
    auto arguments = pointers_to(words);

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, pulse_.fd(), pulse_number); // also takes O_CLOEXEC away
    int const failed =
        ::posix_spawn(&pid_, commands_.supervisor.c_str(), &files, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        pid_ = 0;
        return Error::from_errno(failed, "start '" + commands_.supervisor + "'");
    }
    return {};
}

std::string Supervision::look_after()
{
    auto const state = state_of_child();
    if (state != Child::ended) {
        runs_ = true;
        if (state == Child::runs)
            return {};
        if (state == Child::stopped) {
            (void)::kill(pid_, SIGCONT); // our own child, not waited for: the number is still its
            return "the supervisor was stopped by a signal, and continued";
        }
        (void)::kill(pid_, SIGKILL); // it cannot look while it is traced: another one can
        return "the supervisor was stopped by a tracer, and is replaced";
    }
    pid_ = 0;
    runs_ = false;
    if (steady_now() < next_start_)
        return "no supervisor runs";
    next_start_ = steady_now() + start_every;
    auto started = start();
    return started.ok() ? "no supervisor ran: one was started"
                        : "no supervisor runs: " + started.error().message();
}

Supervision::Child Supervision::state_of_child() const
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

Supervision::~Supervision()
{
    pulse_.end_in_order();
    if (pid_ == 0)
        return;
    (void)::kill(pid_, SIGKILL); // this process may go on, and begin another supervision
    for (int tries = 0; tries < 100 && state_of_child() != Child::ended; ++tries)
        (void)::usleep(1'000);
}

} // namespace tocsin::supervise
