// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/command.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tocsin/base/exec_words.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"

namespace tocsin::cli {

namespace {

constexpr std::size_t words_limit_bytes = 64 * 1024;

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return Error::from_errno(errno, "pipe2");
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string last_line(std::string text)
{
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return printable(text.substr(text.rfind('\n') + 1), 500);
}

// Everything until the other end is closed; what is past the limit is thrown away.
std::string read_to_end(int fd)
{
    std::string out;
    std::array<std::byte, 4096> buffer;
    for (;;) {
        auto got = sys::read_some(fd, buffer);
        if (!got.ok())
            return out;
        auto size = got.take();
        if (size == 0)
            return out;
        if (out.size() < words_limit_bytes)
            out += as_text(std::span(buffer).first(size));
    }
}

// fork(2), into namespaces of its own where asked. REQUIRES: no other thread.
pid_t fork_into(Namespaces namespaces)
{
    if (namespaces == Namespaces::shared)
        return ::fork();
    return static_cast<pid_t>(
        ::syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWNS, nullptr, nullptr, nullptr, 0));
}

// Between fork and exec: never returns.
[[noreturn]] void become(Start const& start, char* const* arguments, int trouble_fd)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(start.output_fd, STDOUT_FILENO);
    ::dup2(start.output_fd, STDERR_FILENO);
    int number = start.prepare != nullptr ? start.prepare(start.data) : 0;
    if (number == 0) {
        ::execvp(arguments[0], arguments);
        number = errno;
    }
    [[maybe_unused]] auto told = ::write(trouble_fd, &number, sizeof(number));
    ::_exit(127);
}

} // namespace

Result<void> run_command(std::vector<std::string> const& words)
{
    auto copy = words;
    auto arguments = pointers_to(copy);
    auto pipe = TRY(make_pipe());
    auto child = ::fork();
    if (child < 0)
        return Error::from_errno(errno, "fork");
    if (child == 0) {
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(nothing, STDOUT_FILENO);
        ::dup2(pipe.write_end.get(), STDERR_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    pipe.write_end.reset();
    auto said = read_to_end(pipe.read_end.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && said.empty())
        return Error(Errc::not_found, fmt::format("the program '{}' is not installed", words[0]));
    return Error(
        Errc::failed, fmt::format("{}: {}", words[0], said.empty() ? "failed" : last_line(std::move(said))));
}

bool has_program(std::string const& name)
{
    auto const* path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
    while (!rest.empty()) {
        auto end = std::min(rest.find(':'), rest.size());
        if (::access((rest.substr(0, end) + "/" + name).c_str(), X_OK) == 0)
            return true;
        rest.erase(0, end + 1);
    }
    return false;
}

Interrupts::Interrupts()
{
    ::sigemptyset(&watched_);
    for (int number : {SIGINT, SIGTERM, SIGHUP})
        ::sigaddset(&watched_, number);
    ::sigprocmask(SIG_BLOCK, &watched_, &before_);
}

Interrupts::~Interrupts()
{
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Result<void> Interrupts::check()
{
    timespec at_once{};
    if (auto number = ::sigtimedwait(&watched_, nullptr, &at_once); number > 0)
        arrived_ = number;
    if (arrived_ != 0)
        return Error(Errc::again, fmt::format("ended by SIG{}", ::sigabbrev_np(arrived_)));
    return {};
}

void Interrupts::restore_in_child() const
{
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Result<Child> Child::start(Start start, Interrupts const& interrupts)
{
    auto arguments = pointers_to(start.words);
    auto trouble = TRY(make_pipe()); // carries an errno out of the child; closes at exec
    auto pid = fork_into(start.namespaces);
    if (pid < 0)
        return Error::from_errno(errno, "fork");
    if (pid == 0) {
        interrupts.restore_in_child();
        become(start, arguments.data(), trouble.write_end.get());
    }
    Child child(pid);
    trouble.write_end.reset();
    int number = 0;
    if (::read(trouble.read_end.get(), &number, sizeof(number)) == sizeof(number))
        return Error::from_errno(number, "start '" + start.words[0] + "'");
    return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) { }

bool Child::ended()
{
    int status = 0;
    if (pid_ != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_)
        pid_ = 0;
    return pid_ == 0;
}

void Child::signal(int number) const
{
    if (pid_ != 0)
        (void)::kill(pid_, number); // not reaped yet: the number is still its
}

void Child::kill()
{
    signal(SIGKILL);
    int status = 0;
    while (pid_ != 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) { }
    pid_ = 0;
}

} // namespace tocsin::cli
