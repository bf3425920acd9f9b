// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/asked_from.h"

#include <algorithm>
#include <vector>

#include "tocsin/base/proc.h"
#include "tocsin/respond/address_range.h"
#include "tocsin/sensor/proc/remote_client.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t line_at_most = 64;
constexpr std::size_t environment_at_most = 64 << 10;

// With those that it comes from, nearest first.
std::vector<event::ProcessKey> line_of(proc::ProcDir const& proc, pid_t process)
{
    std::vector<event::ProcessKey> out;
    while (process > 1 && out.size() < line_at_most) {
        auto found = proc.stat(process);
        if (!found.ok())
            break;
        auto const stat = found.take();
        out.push_back({process, stat.start_ticks});
        process = stat.parent;
    }
    return out;
}

} // namespace

std::optional<std::string> ssh_client_in(std::string_view environment)
{
    constexpr std::string_view name = "SSH_CONNECTION=";
    while (!environment.empty()) {
        auto const variable = environment.substr(0, environment.find('\0'));
        environment.remove_prefix(std::min(variable.size() + 1, environment.size()));
        if (!variable.starts_with(name))
            continue;
        auto const value = variable.substr(name.size());
        auto parsed = respond::AddressRange::parse(std::string(value.substr(0, value.find_first_of(" %"))));
        if (!parsed.ok())
            return {};
        auto const client = parsed.take();
        return client.bits == client.all_bits() ? std::optional(client.text()) : std::nullopt;
    }
    return {};
}

std::optional<std::string> asked_from(pid_t process)
{
    auto opened = proc::ProcDir::open();
    if (!opened.ok())
        return {};
    auto const proc = opened.take();
    auto const line = line_of(proc, process);
    if (auto client = sensor::remote_client_of(line))
        return client->at.address;
    for (auto const& key : line) {
        auto fd = proc.open_process(key.pid);
        auto environment =
            fd.ok() ? proc::read_start(fd.take().get(), "environ", environment_at_most) : fd.take_error();
        auto client = environment.ok() ? ssh_client_in(environment.take()) : std::nullopt;
        if (client)
            return client;
    }
    return {};
}

} // namespace tocsin::guard
