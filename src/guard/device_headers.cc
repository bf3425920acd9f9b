// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/device_headers.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "tocsin/base/sys.h"
#include "tocsin/guard/save_range.h"

namespace tocsin::guard {
namespace {

constexpr std::uint64_t usual_bytes = 1 << 20;
constexpr std::uint64_t luks_bytes = 16 << 20; // the default of LUKS2
constexpr std::size_t chunk_bytes = 128 << 10; // a mounted ext4 changes its first one all the time
constexpr std::array luks_magic{
    std::byte{'L'}, std::byte{'U'}, std::byte{'K'}, std::byte{'S'}, std::byte{0xba}, std::byte{0xbe}};

Result<bool> is_luks(int fd)
{
    std::array<std::byte, luks_magic.size()> begin{};
    auto const got = TRY(sys::read_at(fd, begin, 0));
    return got == begin.size() && begin == luks_magic;
}

Result<vault::Node> save_one(vault::Repository& repository, int fd, Range range, std::string const& name)
{
    vault::Node node;
    node.name = fmt::format("{}.at-{}", name, range.begin);
    std::ranges::replace(node.name, '/', '!'); // "cciss/c0d0", as sysfs writes it
    node.mode = S_IFREG | 0600;
    node.links = 1;
    node.size = range.end - range.begin;
    node.mtime = wall_now();
    node.content = TRY(save_range(repository, fd, range, chunk_bytes));
    return node;
}

} // namespace

Result<std::vector<vault::Node>> save_ends(
    vault::Repository& repository, int fd, std::uint64_t size, std::string const& name)
{
    bool const has_luks = TRY(is_luks(fd));
    auto const head_end = std::min(size, has_luks ? luks_bytes : usual_bytes);
    auto const tail_begin = std::max(head_end, size - std::min(size, usual_bytes));
    std::vector<vault::Node> out;
    for (auto const& range : {Range{0, head_end}, Range{tail_begin, size}}) {
        if (range.begin == range.end)
            continue;
        auto node = TRY(save_one(repository, fd, range, name));
        out.push_back(std::move(node));
    }
    return out;
}

Result<std::vector<vault::Node>> save_headers(
    vault::Repository& repository, sensor::DeviceNumber device, std::string const& name)
{
    auto const path = "/dev/" + name;
    auto const fd = TRY(sys::open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    auto const status = TRY(sys::stat_fd(fd.get()));
    if (!S_ISBLK(status.stx_mode)
        || sensor::DeviceNumber{status.stx_rdev_major, status.stx_rdev_minor} != device)
        return Error(
            Errc::not_found, fmt::format("'{}' is not the device {}:{}", path, device.major, device.minor));
    auto const size = ::lseek(fd.get(), 0, SEEK_END);
    if (size < 0)
        return Error::from_errno(errno, "size of '" + path + "'");
    auto saved = save_ends(repository, fd.get(), static_cast<std::uint64_t>(size), name);
    return std::move(saved).context("keep the headers of '" + path + "'");
}

} // namespace tocsin::guard
