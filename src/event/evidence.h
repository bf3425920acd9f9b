// SPDX-License-Identifier: Apache-2.0
// event/evidence.h -- what an incident's records keep for an investigation: which programs ran, what went where.
#pragma once

#include <optional>

#include "tocsin/base/digest.h"
#include "tocsin/event/incident.h"

namespace tocsin::event {

// A program that an incident's actor ran, as it was at the time of the incident.
struct Executable {
    IncidentId incident;
    WallTime time;
    std::string path;
    std::optional<Sha256> digest;
    std::string why_not; // one sentence; empty where there is a digest

    bool operator==(Executable const&) const = default;
};

// What somebody read of the trees and, as far as it can be told, sent to another host.
struct Exposure {
    IncidentId incident;
    WallTime time;
    std::string executable; // of the process that sent
    std::string unit; // its cgroup
    std::string address; // the peer's, as inet_ntop(3) writes it
    std::uint16_t port = 0; // the peer's
    bool is_udp = false; // else TCP
    std::uint64_t files = 0; // distinct ones
    std::uint64_t bytes_read = 0; // their sizes
    std::uint64_t bytes_sent = 0;

    bool operator==(Exposure const&) const = default;
};

} // namespace tocsin::event
