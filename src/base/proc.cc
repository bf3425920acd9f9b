// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/proc.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tocsin/base/number.h"
#include "tocsin/base/sys.h"

namespace tocsin::proc {
namespace {

constexpr std::size_t stat_limit = 2048;
constexpr std::size_t status_limit = 4096;
constexpr std::size_t mountinfo_limit = 16 << 20;

// Takes what stands before the next `separator`, and the separator.
std::string_view take_until(std::string_view& rest, char separator)
{
    auto end = rest.find(separator);
    auto part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string without_escapes(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        auto const* digits = text.data() + i + 1;
        if (text[i] == '\\' && i + 3 < text.size()
            && std::from_chars(digits, digits + 3, value, 8).ptr == digits + 3 && value < 256) {
            out += static_cast<char>(value);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

// Reading what belongs to an ended process says ESRCH; opening it says ENOENT.
Result<Stat> read_stat(int dir_fd, std::string const& path)
{
    auto fd = TRY(sys::open_at(dir_fd, path, O_RDONLY));
    std::array<std::byte, stat_limit> buffer;
    auto size = TRY(sys::read_some(fd.get(), buffer));
    return parse_stat(as_text(ByteView(buffer).first(size)));
}

Result<std::vector<pid_t>> numbers_in(int dir_fd)
{
    auto entries = TRY(sys::list_dir(dir_fd));
    std::vector<pid_t> out;
    for (auto const& entry : entries) {
        pid_t pid = 0;
        if (to_number(entry.name, pid) && pid > 0)
            out.push_back(pid);
    }
    std::ranges::sort(out);
    return out;
}

} // namespace

Result<Stat> parse_stat(std::string_view line)
{
    auto wrong = [] { return Error(Errc::corrupt, "this is no line of /proc/PID/stat"); };
    // The name may hold anything, also ')' and spaces; no later field does.
    auto open = line.find(" (");
    auto close = line.rfind(") ");
    Stat out;
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2
        || !to_number(line.substr(0, open), out.pid))
        return wrong();
    out.comm = line.substr(open + 2, std::min<std::size_t>(close - open - 2, 64));
    auto rest = line.substr(close + 2);
    std::array<std::string_view, 23> fields; // as proc(5) counts them, from 1
    for (std::size_t i = 3; i < fields.size(); ++i)
        fields[i] = take_until(rest, ' ');
    if (fields[3].size() != 1 || !to_number(fields[4], out.parent) || !to_number(fields[6], out.session)
        || !to_number(fields[9], out.flags) || !to_number(fields[20], out.threads)
        || !to_number(fields[22], out.start_ticks))
        return wrong();
    out.state = fields[3][0];
    return out;
}

Result<std::uint32_t> parse_effective_uid(std::string_view status)
{
    while (!status.empty()) {
        auto line = take_until(status, '\n');
        if (!line.starts_with("Uid:\t"))
            continue;
        line.remove_prefix(5);
        (void)take_until(line, '\t'); // the real one
        std::uint32_t uid = 0;
        if (to_number(take_until(line, '\t'), uid))
            return uid;
        break;
    }
    return Error(Errc::corrupt, "no effective user in /proc/PID/status");
}

Result<std::string> parse_cgroup_path(std::string_view cgroup)
{
    while (!cgroup.empty()) {
        auto line = take_until(cgroup, '\n');
        if (line.starts_with("0::/"))
            return std::string(line.substr(3));
    }
    return Error(Errc::corrupt, "no cgroup v2 in /proc/PID/cgroup");
}

Result<std::string> parse_cgroup_mount(std::string_view mountinfo)
{
    while (!mountinfo.empty()) {
        auto line = take_until(mountinfo, '\n');
        auto dash = line.find(" - ");
        if (dash == std::string_view::npos || !line.substr(dash + 3).starts_with("cgroup2 "))
            continue;
        for (int skipped = 0; skipped < 4; ++skipped) // ids, device, root
            (void)take_until(line, ' ');
        return without_escapes(take_until(line, ' '));
    }
    return Error(Errc::not_found, "cgroup v2 is not mounted");
}

Result<std::string> cgroup_mount()
{
    auto text = TRY(sys::read_text("/proc/self/mountinfo", mountinfo_limit));
    return parse_cgroup_mount(text);
}

Result<std::string> read_start(int dir_fd, std::string const& path, std::size_t limit)
{
    auto fd = TRY(sys::open_at(dir_fd, path, O_RDONLY));
    std::string out(limit, '\0');
    auto size = TRY(sys::read_at(fd.get(), std::as_writable_bytes(std::span(out)), 0).context(path));
    out.resize(size);
    return out;
}

Result<ProcDir> ProcDir::open()
{
    auto fd = TRY(sys::open("/proc", O_RDONLY | O_DIRECTORY));
    return ProcDir(std::move(fd));
}

Result<UniqueFd> ProcDir::open_process(pid_t pid) const
{
    return sys::open_at(fd_.get(), std::to_string(pid), O_RDONLY | O_DIRECTORY);
}

Result<Stat> ProcDir::stat(pid_t pid) const
{
    return read_stat(fd_.get(), std::to_string(pid) + "/stat");
}

Result<Stat> ProcDir::thread_stat(pid_t pid, pid_t tid) const
{
    return read_stat(fd_.get(), std::to_string(pid) + "/task/" + std::to_string(tid) + "/stat");
}

Result<std::vector<pid_t>> ProcDir::processes() const
{
    return numbers_in(fd_.get());
}

Result<std::vector<pid_t>> ProcDir::threads(pid_t pid) const
{
    auto dir = TRY(sys::open_at(fd_.get(), std::to_string(pid) + "/task", O_RDONLY | O_DIRECTORY));
    return numbers_in(dir.get());
}

Result<std::string> ProcDir::cgroup_path(pid_t pid) const
{
    auto text = TRY(read_start(fd_.get(), std::to_string(pid) + "/cgroup", status_limit));
    return parse_cgroup_path(text);
}

} // namespace tocsin::proc
