// SPDX-License-Identifier: Apache-2.0
// sensor/device_gate.h -- block devices that nobody may open for writing.
//
// fanotify tells of files and directories alone (measured on 6.18: no event of any kind for a
// device node), so a held open is not to be had here. A device program of the root cgroup
// refuses instead, in the kernel: nobody waits for us, the access is known whatever call asks
// for it (openat2 and io_uring, too), and a device is known by its number, whatever node names
// it. The refusal is EPERM. It ends with the engine, or with the guard's process.
// Not refused: descriptors that were open for writing before, and commands to a disk (SG_IO and the
// like), for which an open for reading is enough. access(2) for writing counts like an open.
// Threads: refuse(), allow(), refusals() from any; drain() from one.
// Bounds: 4,096 devices. Refusals that come faster than they are drained are counted only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tocsin/event/process.h"
#include "tocsin/sensor/block_devices.h"

namespace tocsin::sensor {

struct RefusedWrite {
    DeviceNumber device;
    event::ProcessKey process;
    std::uint32_t uid = 0; // the effective one
    std::string command; // 15 bytes of the program's name, printable
};

class DeviceGate {
public:
    virtual ~DeviceGate() = default;

    virtual Result<void> refuse(DeviceNumber device) = 0;
    virtual void allow(DeviceNumber device) = 0;

    // Pollable: readable while something waits.
    virtual int fd() const = 0;
    virtual void drain(std::function<void(RefusedWrite&&)> const& sink) = 0; // never blocks
    virtual std::uint64_t refusals() const = 0;
};

// Linux 5.8 with BTF and device programs, CAP_BPF with CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN:
// `unsupported` or `denied` otherwise.
Result<std::unique_ptr<DeviceGate>> open_device_gate();

} // namespace tocsin::sensor
