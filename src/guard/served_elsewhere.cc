// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/served_elsewhere.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tocsin/base/sys.h"
#include "tocsin/guard/mount_id.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t mountinfo_limit = 16 << 20;

std::string_view line_with(std::string_view text, std::string_view beginning)
{
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        if (line.starts_with(beginning))
            return line;
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return {};
}

std::string_view word_after(std::string_view line, std::string_view mark)
{
    auto const at = line.find(mark);
    if (at == std::string_view::npos)
        return {};
    auto const rest = line.substr(at + mark.size());
    return rest.substr(0, rest.find_first_of(" \t\n"));
}

bool is_type_served_elsewhere(std::string_view type)
{
    // Of an overlay the layers may be: anybody mounts one over FUSE in a user namespace.
    static constexpr std::array<std::string_view, 13> types{"fuse", "fuseblk", "nfs", "nfs4", "cifs", "smb3",
        "ceph", "afs", "coda", "lustre", "9p", "virtiofs", "overlay"};
    return type.starts_with("fuse.") || std::ranges::find(types, type) != types.end();
}

// "36 35 98:0 / /mnt rw shared:1 - ext4 /dev/sda rw"
std::string type_of(std::string_view mounts, std::string const& beginning)
{
    return std::string(word_after(line_with(mounts, beginning), " - "));
}

std::optional<std::uint64_t> device_of(int fd)
{
    struct statx status;
    if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status) != 0)
        return {};
    return sys::device_of(status);
}

bool is_in_memory(UniqueFd const& place)
{
    UniqueFd const nameless(::memfd_create("tocsin", MFD_CLOEXEC));
    auto const device = device_of(nameless.get());
    return device && device == device_of(place.get());
}

} // namespace

Result<bool> is_served_elsewhere(UniqueFd const& place, pid_t process)
{
    auto const beginning = TRY(mount_id_of(place.get())) + " ";
    for (auto const& whose : {std::to_string(process), std::string("self")}) {
        auto mounts = sys::read_text(fmt::format("/proc/{}/mountinfo", whose), mountinfo_limit);
        auto const type = mounts.ok() ? type_of(mounts.take(), beginning) : std::string();
        if (!type.empty())
            return is_type_served_elsewhere(type);
    }
    if (is_in_memory(place))
        return false;
    return Error(Errc::not_found, "its mount is not known");
}

} // namespace tocsin::guard
