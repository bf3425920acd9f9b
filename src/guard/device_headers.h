// SPDX-License-Identifier: Apache-2.0
// guard/device_headers.h -- the first and the last bytes of a block device, kept in a checkpoint.
//
// There lie the partition table and its copy (GPT), the head of an encrypted device (LUKS), and
// superblocks: ext4's, XFS's of the first group, btrfs's first, those of LVM and RAID. Who can
// put them back has the data again that is still there. They are read as the device is, below a
// mounted file system, whose newest changes to them may be missing.
// The head is 1 MiB, of a LUKS device 16 MiB; the tail is 1 MiB. What has not changed since the
// last checkpoint takes no room.
// A LUKS head lets a passphrase of that day in: who has repository, its password and that passphrase
// has the key of the device, also when the passphrase was changed since.
// Threads: any; it waits for the disk. Bounds: 17 MiB of a device. Errors: of the reading and of the repository.
// Format: docs/formats/repository.md.
#pragma once

#include "tocsin/sensor/block_devices.h"
#include "tocsin/vault/repository.h"
#include "tocsin/vault/tree.h"

namespace tocsin::guard {

// Files named after the device and where their first byte belongs: "sda1.at-0", "sda1.at-1072693248".
// Waits for the disk. `not_found` where the device has no node, or that of another.
Result<std::vector<vault::Node>> save_headers(
    vault::Repository& repository, sensor::DeviceNumber device, std::string const& name);

// The same of anything that is open for reading and `size` bytes long.
Result<std::vector<vault::Node>> save_ends(
    vault::Repository& repository, int fd, std::uint64_t size, std::string const& name);

} // namespace tocsin::guard
