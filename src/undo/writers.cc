// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/writers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/base/log.h"
#include "tocsin/base/proc.h"

namespace tocsin::undo {

Result<Writers> Writers::look(std::unordered_set<pid_t> const& except)
{
    Writers out;
    auto proc = TRY(proc::ProcDir::open());
    auto processes = TRY(proc.processes());
    for (auto pid : processes) {
        if (pid == ::getpid() || except.contains(pid))
            continue;
        auto dir = proc.open_process(pid);
        if (!dir.ok())
            continue; // it has ended
        auto process = dir.take();
        out.add_opens(process.get(), "fd", pid);
        out.add_opens(process.get(), "map_files", pid);
    }
    return out;
}

void Writers::add_opens(int process_dir, char const* links, pid_t pid)
{
    auto opened = sys::open_at(process_dir, links, O_RDONLY | O_DIRECTORY);
    if (!opened.ok())
        return;
    auto dir = opened.take();
    auto entries = sys::list_dir(dir.get());
    if (!entries.ok())
        return;
    for (auto const& entry : entries.take()) {
        struct stat link{};
        if (::fstatat(dir.get(), entry.name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0
            || (link.st_mode & S_IWUSR) == 0)
            continue;
        // Never asks a server that is gone.
        struct statx file{};
        if (::statx(dir.get(), entry.name.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                STATX_TYPE | STATX_INO, &file)
                == 0
            && S_ISREG(file.stx_mode))
            writers_.emplace(file_of(file), pid);
    }
}

Writers::File Writers::file_of(struct statx const& status)
{
    return {status.stx_dev_major, status.stx_dev_minor, status.stx_ino};
}

std::string Writers::of(struct statx const& file) const
{
    auto found = writers_.find(file_of(file));
    if (found == writers_.end())
        return {};
    auto proc = proc::ProcDir::open();
    auto stat = proc.ok() ? proc.take().stat(found->second) : proc.take_error();
    auto name = stat.ok() ? printable(stat.take().comm, 64) : "a program";
    return fmt::format("'{}' (process {})", name, found->second);
}

} // namespace tocsin::undo
