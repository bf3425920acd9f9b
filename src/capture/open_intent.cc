// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/open_intent.h"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/syscall.h>

#include "tocsin/base/sys.h"

namespace tocsin::capture {
namespace {

std::optional<std::uint64_t> number(std::string_view field)
{
    int base = 10;
    if (field.starts_with("0x")) {
        field.remove_prefix(2);
        base = 16;
    }
    std::uint64_t value = 0;
    auto const* end = field.data() + field.size();
    auto [ptr, ec] = std::from_chars(field.data(), end, value, base);
    if (ec != std::errc{} || ptr != end)
        return {};
    return value;
}

bool only_reads(std::uint64_t flags)
{
    // O_RDONLY|O_TRUNC truncates on Linux.
    return (flags & O_ACCMODE) == O_RDONLY && (flags & (O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))) == 0;
}

} // namespace

OpenIntent intent_of_syscall(std::string_view line)
{
#if defined(__x86_64__)
    std::array<std::uint64_t, 4> fields{}; // number, then the first three arguments
    std::size_t count = 0;
    while (count < fields.size() && !line.empty()) {
        auto end = line.find(' ');
        auto value = number(line.substr(0, end));
        if (!value)
            return OpenIntent::may_write; // "running", "-1 …", or a newline
        fields[count++] = *value;
        line = end == std::string_view::npos ? std::string_view{} : line.substr(end + 1);
    }
    if (count < fields.size())
        return OpenIntent::may_write;
    // A 32-bit program's numbers mean other calls; none of these waits in an open there.
    switch (fields[0]) {
    case SYS_open:
        return only_reads(fields[2]) ? OpenIntent::read_only : OpenIntent::may_write;
    case SYS_openat:
        return only_reads(fields[3]) ? OpenIntent::read_only : OpenIntent::may_write;
    case SYS_execve:
    case SYS_execveat:
        return OpenIntent::read_only;
    default:
        return OpenIntent::may_write;
    }
#else
    (void)line;
    return OpenIntent::may_write;
#endif
}

OpenIntent intent_of_process(pid_t pid)
{
    auto tasks = sys::open(fmt::format("/proc/{}/task", pid), O_RDONLY | O_DIRECTORY);
    if (!tasks.ok())
        return OpenIntent::may_write;
    auto dir = tasks.take();
    auto names = sys::list_dir(dir.get());
    if (!names.ok())
        return OpenIntent::may_write;
    auto threads = names.take();
    if (threads.size() != 1) // which of them waits is not known
        return OpenIntent::may_write;
    auto line = sys::read_file_at(dir.get(), threads[0].name + "/syscall", 512);
    if (!line.ok())
        return OpenIntent::may_write;
    auto bytes = line.take();
    return intent_of_syscall(as_text(bytes));
}

} // namespace tocsin::capture
