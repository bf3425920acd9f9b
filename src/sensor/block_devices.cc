// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/block_devices.h"

#include <algorithm>
#include <fmt/format.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "tocsin/base/number.h"
#include "tocsin/base/sys.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t devices_at_most = 4096;
constexpr int levels_at_most = 16;
constexpr std::size_t number_bytes = 32;
constexpr std::size_t path_bytes = 8192;

// "7:0\n"
std::optional<DeviceNumber> number_in(std::string_view text)
{
    text = text.substr(0, text.find('\n'));
    auto const colon = text.find(':');
    DeviceNumber out;
    if (colon == std::string_view::npos || !to_number(text.substr(0, colon), out.major)
        || !to_number(text.substr(colon + 1), out.minor))
        return {};
    return out;
}

std::optional<DeviceNumber> number_at(int dir_fd, std::string const& path)
{
    auto text = sys::read_file_at(dir_fd, path, number_bytes);
    if (!text.ok())
        return {};
    auto const bytes = text.take();
    return number_in(as_text(bytes));
}

std::vector<sys::DirEntry> entries_at(int dir_fd, std::string const& path)
{
    auto directory = sys::open_at(dir_fd, path, O_RDONLY | O_DIRECTORY);
    if (!directory.ok())
        return {};
    auto entries = sys::list_dir(directory.take().get());
    return entries.ok() ? entries.take() : std::vector<sys::DirEntry>{};
}

// What it is a part of, or made of; one level.
std::vector<DeviceNumber> below(int device_fd)
{
    std::vector<DeviceNumber> out;
    if (sys::stat_at(device_fd, "partition", 0).ok())
        if (auto disk = number_at(device_fd, "../dev"))
            out.push_back(*disk);
    for (auto const& slave : entries_at(device_fd, "slaves"))
        if (auto number = number_at(device_fd, "slaves/" + slave.name + "/dev"))
            out.push_back(*number);
    return out;
}

std::string btrfs_id(std::uint8_t const (&id)[BTRFS_FSID_SIZE])
{
    std::string out;
    for (int i = 0; i < BTRFS_FSID_SIZE; ++i)
        out += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
    return out;
}

} // namespace

Result<DeviceNumbers> BlockDevices::at_and_below(DeviceNumber device) const
{
    DeviceNumbers found;
    std::vector<DeviceNumber> level{device};
    for (int depth = 0; depth < levels_at_most && !level.empty() && found.size() < devices_at_most; ++depth) {
        std::vector<DeviceNumber> next;
        for (auto const& number : level) {
            if (!found.insert(number).second)
                continue;
            auto directory = sys::open(fmt::format("{}/dev/block/{}:{}", sysfs_, number.major, number.minor),
                O_RDONLY | O_DIRECTORY);
            if (!directory.ok() && depth == 0)
                return directory.take_error();
            if (directory.ok()) // else it went while we looked
                std::ranges::copy(below(directory.take().get()), std::back_inserter(next));
        }
        level = std::move(next);
    }
    return found;
}

Result<std::vector<DeviceNumber>> BlockDevices::of_btrfs(std::string const& id) const
{
    auto directory =
        TRY(sys::open(fmt::format("{}/fs/btrfs/{}/devices", sysfs_, id), O_RDONLY | O_DIRECTORY));
    auto const entries = TRY(sys::list_dir(directory.get()));
    std::vector<DeviceNumber> out;
    for (auto const& entry : entries)
        if (auto number = number_at(directory.get(), entry.name + "/dev"))
            out.push_back(*number);
    if (out.empty())
        return Error(Errc::not_found, "sysfs knows no device of btrfs " + id);
    return out;
}

std::vector<AttachedLoop> BlockDevices::attached_loops() const
{
    std::vector<AttachedLoop> out;
    auto directory = sys::open(sysfs_ + "/block", O_RDONLY | O_DIRECTORY);
    if (!directory.ok())
        return out;
    auto const block = directory.take();
    for (auto const& entry : entries_at(block.get(), ".")) {
        if (!entry.name.starts_with("loop"))
            continue;
        auto file = sys::read_file_at(block.get(), entry.name + "/loop/backing_file", path_bytes);
        auto number = number_at(block.get(), entry.name + "/dev");
        if (!file.ok() || !number)
            continue; // nothing is attached to it
        auto const bytes = file.take();
        auto path = std::string(as_text(bytes));
        if (path.ends_with('\n'))
            path.pop_back();
        out.push_back({*number, std::move(path)});
    }
    return out;
}

std::string BlockDevices::name_of(DeviceNumber device) const
{
    auto const number = fmt::format("{}:{}", device.major, device.minor);
    auto link = sys::read_link_at(AT_FDCWD, sysfs_ + "/dev/block/" + number);
    if (!link.ok())
        return number;
    auto const target = link.take();
    auto name = target.substr(target.rfind('/') + 1);
    for (auto& c : name) // "cciss!c0d0" is /dev/cciss/c0d0
        c = c == '!' ? '/' : c;
    return name;
}

Result<DeviceNumbers> devices_under(BlockDevices const& devices, int fd)
{
    struct statfs filesystem{};
    if (::fstatfs(fd, &filesystem) != 0)
        return Error::from_errno(errno, "fstatfs");
    std::vector<DeviceNumber> carriers;
    if (static_cast<std::uint32_t>(filesystem.f_type) == BTRFS_SUPER_MAGIC) {
        btrfs_ioctl_fs_info_args info{};
        if (::ioctl(fd, BTRFS_IOC_FS_INFO, &info) != 0)
            return Error::from_errno(errno, "BTRFS_IOC_FS_INFO");
        carriers = TRY(devices.of_btrfs(btrfs_id(info.fsid)));
    } else {
        auto const status = TRY(sys::stat_fd(fd));
        carriers.push_back({status.stx_dev_major, status.stx_dev_minor});
    }
    DeviceNumbers out;
    for (auto const& carrier : carriers) {
        auto found = TRY(devices.at_and_below(carrier));
        out.merge(found);
    }
    return out;
}

} // namespace tocsin::sensor
