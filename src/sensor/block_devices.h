// SPDX-License-Identifier: Apache-2.0
// sensor/block_devices.h -- which block devices lie under a file system, as sysfs tells it.
//
// A file system lies on one device, btrfs on several; a device may be a partition of a disk, or be
// made of others (device-mapper, RAID): whoever writes to one of those writes to the file system.
// sysfs is read, never a device node: reading it opens no device, and waits for none.
// Not followed: the file under a loop device, an external journal or log, a cache set of bcache.
// Threads: any. Bounds: 4,096 devices; 16 levels of stacking.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tocsin/base/result.h"

namespace tocsin::sensor {

struct DeviceNumber {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    auto operator<=>(DeviceNumber const&) const = default;
};

using DeviceNumbers = std::set<DeviceNumber>;

struct AttachedLoop {
    DeviceNumber device;
    std::string backing_file; // its path now, as this process sees it; ends in " (deleted)" where it has none
};

class BlockDevices {
public:
    explicit BlockDevices(std::string sysfs) : sysfs_(std::move(sysfs)) { } // "/sys"

    // The device itself and all below it. `not_found` where the kernel knows of no such device.
    Result<DeviceNumbers> at_and_below(DeviceNumber device) const;
    // Of a mounted btrfs, by its id as text ("3f2c…-…").
    Result<std::vector<DeviceNumber>> of_btrfs(std::string const& id) const;
    std::vector<AttachedLoop> attached_loops() const;
    // "sda1"; "7:0" where it has no name.
    std::string name_of(DeviceNumber device) const;

private:
    std::string sysfs_;
};

// Those that the file system of `fd` lies on, and all below them.
Result<DeviceNumbers> devices_under(BlockDevices const& devices, int fd);

} // namespace tocsin::sensor
