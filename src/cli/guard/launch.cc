// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/guard/launch.h"

#include <csignal>
#include <fmt/format.h>
#include <sys/wait.h>
#include <thread>

#include "tocsin/answers/socket.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/exec_words.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"

namespace tocsin::cli {

namespace {

constexpr auto program_name = "tocsin-guardd";
constexpr auto installed_place = "/usr/libexec/tocsin/tocsin-guardd";

std::vector<std::string> whole_command(std::string const& program, GuardOptions const& options)
{
    auto words = guard_arguments(options);
    words.insert(words.begin(), program);
    return words;
}

// In the child, between fork and exec: only what may be called there.
[[noreturn]] void exec_in_session_of_its_own(char const* program, char* const* arguments, int log_fd)
{
    ::setsid();
    int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log_fd, STDOUT_FILENO);
    ::dup2(log_fd, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (::chdir("/") == 0)
        ::execv(program, arguments);
    ::_exit(127);
}

Error ended_early(int status, std::string const& words)
{
    if (!words.empty())
        return Error(Errc::failed, "the guard did not start: " + words);
    auto how = WIFSIGNALED(status) ? fmt::format("by signal {}", WTERMSIG(status))
                                   : fmt::format("with status {}", WEXITSTATUS(status));
    return Error(Errc::failed, "the guard did not start: it ended " + how);
}

} // namespace

std::string last_words(std::string const& log_path, std::uint64_t from)
{
    auto text = sys::read_text(log_path, std::size_t{1} << 20);
    if (!text.ok())
        return {};
    auto said = text.take();
    said.erase(0, std::min<std::size_t>(from, said.size()));
    while (!said.empty() && said.back() == '\n')
        said.pop_back();
    auto line = said.substr(said.rfind('\n') + 1);
    constexpr std::string_view name = "tocsin: ";
    constexpr std::size_t time_bytes = std::string_view("2026-11-24 08:04:41Z ").size();
    if (auto const at = line.find(name); at == 0 || at == time_bytes)
        line.erase(0, at + name.size());
    return printable(line, 1000);
}

std::vector<std::string> guard_arguments(GuardOptions const& options)
{
    std::vector<std::string> words{"--state", options.state_dir, "--respond", options.respond};
    for (auto const& glob : options.excludes)
        words.insert(words.end(), {"--exclude", glob});
    for (auto const& address : options.never_cut)
        words.insert(words.end(), {"--never-cut", address});
    for (auto const& place : options.isolation_allow)
        words.insert(words.end(), {"--isolation-allow", place});
    if (!options.repository.empty())
        words.insert(words.end(), {"--repository", options.repository});
    if (options.reserve_bytes)
        words.insert(words.end(), {"--reserve", std::to_string(*options.reserve_bytes)});
    if (options.starts_again)
        words.emplace_back("--again");
    words.insert(words.end(), options.paths.begin(), options.paths.end());
    return words;
}

Result<std::string> find_guard_program()
{
    auto own = TRY(sys::read_link_at(AT_FDCWD, "/proc/self/exe").context("find the guard's program"));
    auto beside = own.substr(0, own.rfind('/') + 1) + program_name;
    for (auto const& place : {beside, std::string(installed_place)}) {
        if (::access(place.c_str(), X_OK) == 0)
            return place;
    }
    return Error(Errc::not_found,
        fmt::format("the guard's program is neither '{}' nor '{}'", beside, installed_place));
}

Error become_guard(std::string const& program, GuardOptions const& options)
{
    auto words = whole_command(program, options);
    auto arguments = pointers_to(words);
    ::execv(program.c_str(), arguments.data());
    return Error::from_errno(errno, "start '" + program + "'");
}

Result<void> start_guard(
    std::string const& program, GuardOptions const& options, std::chrono::milliseconds limit)
{
    TRY(sys::make_dirs(options.state_dir, 0700).context("state directory"));
    auto log_path = options.state_dir + "/guard.log";
    auto log =
        TRY(sys::open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600).context("the guard's log"));
    auto before = TRY(sys::stat_fd(log.get()));

    auto words = whole_command(program, options);
    auto arguments = pointers_to(words);
    auto child = ::fork();
    if (child < 0)
        return Error::from_errno(errno, "fork");
    if (child == 0)
        exec_in_session_of_its_own(program.c_str(), arguments.data(), log.get());

    auto deadline = steady_now() + limit;
    while (steady_now() < deadline) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child)
            return ended_early(status, last_words(log_path, before.stx_size));
        if (answers::ControlClient::connect(options.state_dir).ok())
            return {};
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    (void)::kill(child, SIGTERM); // our own child, not waited for yet: the number is still its
    return Error(Errc::again, "the guard did not answer in time and was ended; see '" + log_path + "'");
}

} // namespace tocsin::cli
