// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/network.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>

#include "tocsin/base/exec_words.h"
#include "tocsin/base/pid_ref.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"

namespace tocsin::respond {
namespace {

constexpr std::chrono::seconds ends_within{5};
constexpr std::size_t said_at_most = 256 << 10;

Result<UniqueFd> network_of(int process_fd, std::uint64_t inode)
{
    auto fd = TRY(sys::open_at(process_fd, "ns/net", O_RDONLY));
    auto status = TRY(sys::stat_fd(fd.get()));
    if (status.stx_ino != inode)
        return Error(Errc::not_found, "it lives in another network");
    return fd;
}

// A file in memory: neither side of it ever waits, as both would for a pipe.
Result<UniqueFd> memory_file(std::string_view content)
{
    UniqueFd fd(::memfd_create("tocsin", MFD_CLOEXEC));
    if (!fd)
        return Error::from_errno(errno, "memfd_create");
    TRY(sys::write_all_at(fd.get(), as_bytes(content), 0));
    return fd;
}

class SpawnSettings {
public:
    SpawnSettings()
    {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawnattr_init(&attributes_);
    }
    ~SpawnSettings()
    {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(SpawnSettings const&) = delete;
    SpawnSettings& operator=(SpawnSettings const&) = delete;

    void stands_for(int fd, int number) { ::posix_spawn_file_actions_adddup2(&files_, fd, number); }
    void block_no_signals()
    {
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
    }
    int spawn(pid_t& pid, std::vector<std::string>& words) const
    {
        std::vector<std::string> environment{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
        return ::posix_spawn(&pid, words.front().c_str(), &files_, &attributes_, pointers_to(words).data(),
            pointers_to(environment).data());
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

Result<int> wait_for(pid_t pid)
{
    auto process = PidRef::open(pid); // ours and not waited for: the number is its
    bool const ends = process.ok() && process.take().ends_within(ends_within);
    if (!ends)
        (void)::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return Error::from_errno(errno, "waitpid");
    if (!ends)
        return Error(Errc::again, "it did not end in time");
    return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

Result<Ended> run_here(std::vector<std::string>& words, std::string_view input)
{
    auto const in = TRY(memory_file(input));
    auto const out = TRY(memory_file({}));
    SpawnSettings settings;
    settings.stands_for(in.get(), STDIN_FILENO);
    settings.stands_for(out.get(), STDOUT_FILENO);
    settings.stands_for(out.get(), STDERR_FILENO);
    settings.block_no_signals();
    pid_t pid = 0;
    if (int const failed = settings.spawn(pid, words); failed != 0)
        return Error::from_errno(failed, "start '" + words.front() + "'");
    Ended ended;
    ended.status = TRY(wait_for(pid).context("'" + words.front() + "'"));
    ended.said.resize(said_at_most);
    auto const size = TRY(sys::read_at(out.get(), std::as_writable_bytes(std::span(ended.said)), 0));
    ended.said.resize(size);
    return ended;
}

} // namespace

std::uint64_t own_network()
{
    auto status = sys::stat_at(AT_FDCWD, "/proc/self/ns/net", 0);
    return status.ok() ? status.take().stx_ino : 0;
}

Result<UniqueFd> find_network(std::uint64_t inode)
{
    auto const proc = TRY(proc::ProcDir::open());
    auto const self = TRY(sys::open_at(proc.fd(), "self", O_RDONLY | O_DIRECTORY));
    if (auto own = network_of(self.get(), inode); own.ok())
        return own;
    auto const pids = TRY(proc.processes());
    for (auto const pid : pids) {
        auto process = proc.open_process(pid);
        if (!process.ok())
            continue; // it has ended
        auto const fd = process.take();
        if (auto network = network_of(fd.get(), inode); network.ok())
            return network;
    }
    return Error(Errc::not_found, "no process lives in the server's network any more");
}

Result<Ended> run_in_network(int network_fd, std::vector<std::string> words, std::string_view input)
{
    Result<Ended> ended = Error(Errc::failed, "it was not run");
    std::jthread runner([&] {
        if (::setns(network_fd, CLONE_NEWNET) != 0)
            ended = Error::from_errno(errno, "enter the network");
        else
            ended = run_here(words, input);
    });
    runner.join();
    return ended;
}

} // namespace tocsin::respond
