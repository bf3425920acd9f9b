// SPDX-License-Identifier: Apache-2.0
// sensor/proc/connector_message.h -- the kernel's process events as they stand in a netlink datagram.
//
// Format: linux/netlink.h, linux/connector.h, linux/cn_proc.h, in the machine's byte order.
// Bounds: one datagram of at most 64 KiB; lengths in it are checked against it.
// Errors: `corrupt`; `failed` with the kernel's errno when it refused our request.
#pragma once

#include <cstdint>
#include <vector>

#include "tocsin/base/bytes.h"

namespace tocsin::sensor {

// Values as PROC_EVENT_* of linux/cn_proc.h.
enum class ConnectorKind : std::uint32_t {
    fork = 1,
    exec = 2,
    uid = 4,
    sid = 0x80,
    exit = 0x80000000,
};

// Threads are still among them: a process is the event whose pid equals its tgid.
struct ConnectorEvent {
    ConnectorKind kind = ConnectorKind::fork;
    std::uint64_t monotonic_ns = 0; // when it happened
    std::int32_t pid = 0; // of the child at a fork
    std::int32_t tgid = 0;
    std::int32_t parent_tgid = 0; // fork only
    std::uint32_t effective_uid = 0; // uid only

    bool operator==(ConnectorEvent const&) const = default;
};

// Events of other kinds are passed over.
Result<std::vector<ConnectorEvent>> parse_connector_datagram(ByteView datagram);

// The request to be told of events.
Bytes connector_request();

} // namespace tocsin::sensor
