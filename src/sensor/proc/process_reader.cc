// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/process_reader.h"

#include <algorithm>
#include <array>

#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/sensor/lineage.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t file_limit = 4096;
constexpr int exec_limit = 4; // execs during one reading
// printable() may go over its limit by one escape and the mark of the cut.
constexpr std::size_t command_limit = 256 - 7;

event::ProcessKey key_from(proc::Stat const& stat)
{
    return {stat.pid, stat.start_ticks};
}

// None for kernel threads and zombies.
std::string executable_of(int dir_fd)
{
    auto link = sys::read_link_at(dir_fd, "exe");
    return link.ok() ? link.take() : std::string();
}

} // namespace

std::string command_from_arguments(ByteView arguments)
{
    std::string text(as_text(arguments.first(std::min(arguments.size(), argument_limit))));
    while (text.ends_with('\0'))
        text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    return printable(text, command_limit);
}

Result<ProcessReader> ProcessReader::create()
{
    auto dir = TRY(proc::ProcDir::open());
    return ProcessReader(std::move(dir), CgroupNames::open());
}

Result<event::ProcessKey> ProcessReader::key_of(pid_t pid) const
{
    auto stat = TRY(proc_.thread_stat(pid, pid));
    return key_from(stat);
}

// The files are read one after the other: an exec in between would give a mixture of two programs.
Result<event::Process> ProcessReader::read(pid_t pid)
{
    // One directory for all files: it stays with this process when the pid is used again.
    auto dir = TRY(proc_.open_process(pid));
    auto out = read_once(dir.get());
    for (int execs = 0; execs < exec_limit && out.ok(); ++execs) {
        auto process = out.take();
        if (executable_of(dir.get()) == process.executable)
            return process;
        out = read_once(dir.get());
    }
    return out;
}

Result<event::Process> ProcessReader::read_once(int dir_fd)
{
    auto stat_text = TRY(proc::read_start(dir_fd, "stat", file_limit));
    auto stat = TRY(proc::parse_stat(stat_text));
    auto status = TRY(proc::read_start(dir_fd, "status", file_limit));
    auto uid = TRY(proc::parse_effective_uid(status));

    event::Process out;
    out.key = key_from(stat);
    out.uid = uid;
    out.parent.pid = stat.parent;
    out.session = stat.session;
    out.is_kernel_thread = stat.is_kernel_thread();
    auto cgroup = TRY(proc::read_start(dir_fd, "cgroup", file_limit));
    auto path = proc::parse_cgroup_path(cgroup);
    if (path.ok()) {
        out.cgroup = path.take();
        out.cgroup_id = cgroups_.id_of(out.cgroup);
    }
    out.executable = executable_of(dir_fd);
    auto arguments = TRY(proc::read_start(dir_fd, "cmdline", argument_limit));
    out.command = command_from_arguments(as_bytes(arguments));
    if (out.command.empty())
        out.command = printable(stat.comm, command_limit);
    if (auto parent = key_of(stat.parent); parent.ok())
        out.parent = parent.take();
    return out;
}

Result<std::vector<event::Process>> ProcessReader::read_all()
{
    auto pids = TRY(proc_.processes());
    std::vector<event::Process> out;
    out.reserve(pids.size());
    for (auto pid : pids) {
        auto process = read(pid);
        if (process.ok())
            out.push_back(process.take());
        else if (process.error().code() != Errc::not_found)
            return process.take_error();
    }
    return out;
}

Result<event::Process> read_process(pid_t pid)
{
    auto reader = TRY(ProcessReader::create());
    return reader.read(pid);
}

Result<std::vector<event::Process>> read_all_processes()
{
    auto reader = TRY(ProcessReader::create());
    return reader.read_all();
}

} // namespace tocsin::sensor
