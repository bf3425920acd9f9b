// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/session_cut.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <span>

#include "tocsin/base/clock.h"
#include "tocsin/base/number.h"
#include "tocsin/base/pid_ref.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"
#include "tocsin/respond/client_filter.h"
#include "tocsin/respond/connection.h"

namespace tocsin::respond {
namespace {

constexpr std::chrono::seconds end_within{1};
constexpr std::chrono::seconds die_within{1};
constexpr std::size_t status_limit = 4'096;

struct Server {
    PidRef process;
    UniqueFd directory; // /proc/PID
    proc::Stat stat;
};
Result<Server> open_server(proc::ProcDir const& proc, pid_t pid)
{
    auto process = TRY(PidRef::open(pid));
    auto directory = TRY(proc.open_process(pid));
    auto stat = TRY(proc.stat(pid)); // read last: then all of it is of the one that still runs
    if (stat.has_ended())
        return Error(Errc::not_found, "it has ended");
    return Server{std::move(process), std::move(directory), std::move(stat)};
}

bool is_smbd(Server const& server)
{
    auto target = sys::read_link_at(server.directory.get(), "exe");
    auto const path = target.ok() ? target.take() : std::string();
    auto const name = std::string_view(path).substr(path.rfind('/') + 1);
    return name == "smbd" || name == "smbd (deleted)"; // a package's update while it runs
}

// The smbd that listens has connections, too, for a moment each: until it has made a process for it.
bool is_session(proc::ProcDir const& proc, Server const& server)
{
    if (!is_smbd(server))
        return false;
    auto parent = open_server(proc, server.stat.parent);
    return parent.ok() && is_smbd(parent.take());
}

// Takes down what it has accepted from this client. Whatever had come and was not read is gone, and reading fails.
// Whether there was anything.
bool take_down_connections(Server const& server, event::ClientAddress const& client)
{
    auto opened = sys::open_at(server.directory.get(), "fd", O_RDONLY | O_DIRECTORY);
    auto const directory = opened.ok() ? opened.take() : UniqueFd();
    auto entries = directory ? sys::list_dir(directory.get()) : Result<std::vector<sys::DirEntry>>({});
    if (!entries.ok())
        return false;
    bool is_any = false;
    for (auto const& entry : entries.take()) {
        auto target = sys::read_link_at(directory.get(), entry.name);
        int number = -1;
        if (!target.ok() || !target.take().starts_with("socket:") || !to_number(entry.name, number))
            continue;
        auto socket = server.process.descriptor(number);
        if (socket.ok() && take_down_if_of(socket.take().get(), client))
            is_any = true;
    }
    return is_any;
}

// For whom it acts just now; 0: for itself, or it has ended.
std::uint32_t user_of(Server const& server)
{
    auto status = proc::read_start(server.directory.get(), "status", status_limit);
    auto uid = status.ok() ? proc::parse_effective_uid(status.take()) : status.take_error();
    return uid.ok() ? uid.take() : 0;
}

bool is_in_network(Server const& server, std::uint64_t network)
{
    auto status = sys::stat_at(server.directory.get(), "ns/net", 0);
    return status.ok() && status.take().stx_ino == network;
}

struct OtherSessions {
    std::vector<Server> stopped;
    std::vector<Session> all; // also these
};
// The client's other sessions get nothing through any more, and those that run end at once, before others wait for the
// files and locks that they hold.
OtherSessions take_down_other_sessions(
    proc::ProcDir const& proc, event::ClientAddress const& client, pid_t except, Ending const& ending)
{
    OtherSessions out;
    auto listed = proc.processes();
    if (!listed.ok())
        return out;
    for (auto const pid : listed.take()) {
        if (pid == except)
            continue;
        auto opened = open_server(proc, pid);
        if (!opened.ok())
            continue;
        auto server = opened.take();
        if (!is_session(proc, server) || !is_in_network(server, client.network))
            continue;
        auto const user = user_of(server); // asked first: it ends at once
        if (!take_down_connections(server, client))
            continue;
        ending({pid, server.stat.start_ticks});
        out.all.push_back({{pid, server.stat.start_ticks}, user});
        if (server.stat.state == 'T')
            out.stopped.push_back(std::move(server));
    }
    return out;
}

bool end_by(std::span<Server const> servers, SteadyTime time)
{
    return std::ranges::all_of(servers, [&](auto const& server) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(time - steady_now());
        return server.process.ends_within(std::max(left, std::chrono::milliseconds(0)));
    });
}

// All of them at once: one may wait for what another holds. Whether none had to be killed.
bool end_all(std::span<Server const> servers)
{
    for (auto const& server : servers) { // what fails has ended
        (void)server.process.signal(SIGTERM); // waits for SIGCONT: so it is what smbd sees first
        (void)server.process.signal(SIGCONT);
    }
    if (end_by(servers, steady_now() + end_within))
        return true;
    for (auto const& server : servers)
        (void)server.process.signal(SIGKILL);
    (void)end_by(servers, steady_now() + die_within);
    return false;
}

} // namespace

Result<Cut> cut_off(
    event::ClientAddress const& client, event::ProcessKey key, std::uint32_t uid, Ending const& ending)
{
    auto const proc = TRY(proc::ProcDir::open()); // what may fail comes first
    TRY(keep_out(client));
    Cut cut{fmt::format("{} is kept out of port {}", client.address, client.port), {}, {}, {}};
    auto opened = open_server(proc, key.pid);
    auto server = opened.ok() ? std::optional(opened.take()) : std::nullopt;
    if (!server || server->stat.start_ticks != key.start_ticks) {
        cut.how += ", and its session has ended";
        return cut;
    }
    if (!is_smbd(*server)) {
        cut.how += "; the processes of its session stay frozen";
        return cut;
    }
    ending(key);
    take_down_connections(*server, client);
    std::vector<Server> stopped;
    stopped.push_back(std::move(*server));
    bool all_by_themselves = true;
    for (int pass = 0; pass < 2; ++pass) { // the second finds whom smbd was just letting in
        auto others = take_down_other_sessions(proc, client, key.pid, ending);
        std::ranges::move(others.all, std::back_inserter(cut.other_sessions));
        std::ranges::move(others.stopped, std::back_inserter(stopped));
        all_by_themselves = end_all(stopped) && all_by_themselves;
        for (auto const& each : stopped)
            if (each.process.ended())
                cut.ended.push_back({each.process.pid(), each.stat.start_ticks});
        stopped.clear();
    }
    for (auto const& session : cut.other_sessions)
        if (uid != 0 && session.user == uid)
            cut.of_user.push_back(session.process);
    bool const has_ended = std::ranges::find(cut.ended, key) != cut.ended.end();
    cut.how +=
        fmt::format(", {} smbd {} has {}ended", has_ended ? "and" : "but", key.pid, has_ended ? "" : "not ");
    if (cut.ended.size() > 1)
        cut.how += fmt::format(", like {} other stopped sessions of its", cut.ended.size() - 1);
    if (!all_by_themselves)
        cut.how += ", killed after a second";
    return cut;
}

} // namespace tocsin::respond
