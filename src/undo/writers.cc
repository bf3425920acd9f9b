// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/writers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/base/log.h"

namespace tocsin::undo {
namespace {

constexpr std::size_t longest_maps = 64UL << 20;

// Success where the process has ended or the kernel hides its files from us; else the error.
Result<void> unless_hidden(Error error)
{
    auto const number = error.errno_value();
    bool const is_hidden = number == ENOENT || number == ESRCH || number == EACCES || number == EPERM;
    return is_hidden || error.code() == Errc::not_found ? Result<void>() : Result<void>(std::move(error));
}

} // namespace

Result<Writers> Writers::look(std::span<event::ProcessKey const> except)
{
    Writers out;
    std::set<event::ProcessKey> const excepted(except.begin(), except.end());
    auto proc = TRY(proc::ProcDir::open());
    auto processes = TRY(proc.processes());
    for (auto pid : processes) {
        if (pid == ::getpid())
            continue;
        auto stat = proc.stat(pid);
        if (!stat.ok())
            continue; // it has ended
        auto process = stat.take();
        if (!excepted.contains({pid, process.start_ticks}) && !process.is_kernel_thread())
            TRY(out.add(proc, process));
    }
    return out;
}

Result<void> Writers::add(proc::ProcDir const& proc, proc::Stat const& process)
{
    auto dir = proc.open_process(process.pid);
    if (!dir.ok())
        return {}; // it has ended
    auto const process_dir = dir.take();
    TRY(add_mappings(process_dir.get(), process));
    if (!process.has_ended())
        return add_opens(process_dir.get(), "fd", process);
    // Its first thread has ended, and others may still have its files.
    auto threads = proc.threads(process.pid);
    for (auto thread : threads.ok() ? threads.take() : std::vector<pid_t>{})
        TRY(add_opens(process_dir.get(), fmt::format("task/{}/fd", thread), process));
    return {};
}

Result<void> Writers::add_opens(int process_dir, std::string const& directory, proc::Stat const& process)
{
    UniqueFd dir;
    auto list = [&]() -> Result<std::vector<sys::DirEntry>> {
        dir = TRY(sys::open_at(process_dir, directory, O_RDONLY | O_DIRECTORY));
        return sys::list_dir(dir.get());
    };
    auto entries = list();
    if (!entries.ok())
        return unless_hidden(entries.take_error());
    for (auto const& entry : entries.take()) {
        struct stat link{};
        bool const writes = ::fstatat(dir.get(), entry.name.c_str(), &link, AT_SYMLINK_NOFOLLOW) == 0
            && (link.st_mode & S_IWUSR) != 0;
        if (writes)
            add_file(dir.get(), entry.name, process);
    }
    return {};
}

// A line begins with "FROM-TO rwxs "; the link in map_files is called FROM-TO.
Result<void> Writers::add_mappings(int process_dir, proc::Stat const& process)
{
    auto maps = sys::read_text(fmt::format("/proc/self/fd/{}/maps", process_dir), longest_maps);
    if (!maps.ok())
        return unless_hidden(maps.take_error());
    std::istringstream lines(maps.take());
    for (std::string line; std::getline(lines, line);) {
        auto const blank = line.find(' ');
        bool const writes = blank != std::string::npos && line.size() > blank + 4 && line[blank + 2] == 'w'
            && line[blank + 4] == 's';
        if (writes)
            add_file(process_dir, "map_files/" + line.substr(0, blank), process);
    }
    return {};
}

void Writers::add_file(int dir, std::string const& link, proc::Stat const& process)
{
    constexpr int never_asks_a_server = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT; // it may be gone
    struct statx file{};
    if (::statx(dir, link.c_str(), never_asks_a_server, STATX_TYPE | STATX_INO, &file) == 0
        && S_ISREG(file.stx_mode))
        writers_.try_emplace(file_of(file), Writer{process.pid, process.comm});
}

Writers::File Writers::file_of(struct statx const& status)
{
    return {status.stx_dev_major, status.stx_dev_minor, status.stx_ino};
}

std::string Writers::writer_of(struct statx const& file) const
{
    auto found = writers_.find(file_of(file));
    if (found == writers_.end())
        return {};
    return fmt::format("'{}' (process {})", printable(found->second.name, 64), found->second.pid);
}

} // namespace tocsin::undo
