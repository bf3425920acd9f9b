// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/remote_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <map>
#include <unordered_set>

#include "tocsin/base/clock.h"
#include "tocsin/base/number.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t line_at_most = 64;
constexpr std::size_t descriptors_at_most = 4'096;
constexpr std::size_t table_limit = 16 << 20;
constexpr std::size_t status_limit = 4'096;
constexpr unsigned listening = 10; // include/net/tcp_states.h
constexpr std::chrono::milliseconds search_at_most{500};

std::string_view next_word(std::string_view& rest)
{
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    auto const word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

// Words of four bytes, each printed as a number of this machine's order.
std::optional<std::string> address_from_hex(std::string_view hex)
{
    if (hex.size() != 8 && hex.size() != 32)
        return {};
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i * 8 < hex.size(); ++i)
        if (!to_number(hex.substr(i * 8, 8), 16, words[i]))
            return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    bool const is_mapped = hex.size() == 32 && words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff);
    if (hex.size() == 8 || is_mapped)
        ::inet_ntop(AF_INET, &words[is_mapped ? 3 : 0], text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, words.data(), text.data(), text.size());
    return std::string(text.data());
}

// ADDRESS:PORT
struct End {
    std::string address;
    std::uint16_t port = 0;
};
std::optional<End> parse_end(std::string_view text)
{
    End out;
    auto const colon = text.find(':');
    auto address = address_from_hex(text.substr(0, colon));
    if (!address || colon == std::string_view::npos || !to_number(text.substr(colon + 1), 16, out.port))
        return {};
    out.address = std::move(*address);
    return out;
}

// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
Result<TcpSocket> parse_line(std::string_view line)
{
    (void)next_word(line);
    auto local = parse_end(next_word(line));
    auto remote = parse_end(next_word(line));
    unsigned state = 0;
    bool is_right = local && remote && to_number(next_word(line), 16, state);
    for (int i = 0; i < 5; ++i)
        (void)next_word(line);
    std::uint64_t inode = 0;
    is_right = is_right && to_number(next_word(line), 10, inode);
    if (!is_right)
        return Error(Errc::corrupt, "this is no line of /proc/PID/net/tcp");
    return TcpSocket{
        std::move(local->address), std::move(remote->address), local->port, inode, state == listening};
}

// The numbers of the sockets that a process has open.
std::unordered_set<std::uint64_t> sockets_of(int process_fd)
{
    constexpr std::string_view prefix = "socket:[";
    std::unordered_set<std::uint64_t> out;
    auto directory = sys::open_at(process_fd, "fd", O_RDONLY | O_DIRECTORY);
    if (!directory.ok())
        return out;
    auto const fd = directory.take();
    auto entries = sys::list_dir(fd.get());
    if (!entries.ok())
        return out;
    auto const listed = entries.take();
    for (auto const& entry : std::span(listed).first(std::min(listed.size(), descriptors_at_most))) {
        auto target = sys::read_link_at(fd.get(), entry.name);
        if (!target.ok())
            continue;
        auto const text = target.take();
        std::uint64_t inode = 0;
        if (text.starts_with(prefix) && text.ends_with(']')
            && to_number(
                std::string_view(text).substr(prefix.size(), text.size() - prefix.size() - 1), 10, inode))
            out.insert(inode);
    }
    return out;
}

// Of both families, each network namespace read once: all processes of a line mostly share one.
class Tables {
public:
    std::vector<TcpSocket> const& of(int process_fd)
    {
        auto name = sys::read_link_at(process_fd, "ns/net");
        auto [at, is_new] = tables_.try_emplace(name.ok() ? name.take() : std::string());
        if (is_new)
            for (auto const* table : {"net/tcp", "net/tcp6"}) {
                auto text = proc::read_start(process_fd, table, table_limit);
                auto sockets = text.ok() ? parse_tcp_table(text.take()) : text.take_error();
                if (sockets.ok())
                    std::ranges::move(sockets.take(), std::back_inserter(at->second));
            }
        return at->second;
    }

private:
    std::map<std::string, std::vector<TcpSocket>> tables_;
};

bool is_of_this_host(TcpSocket const& socket)
{
    return socket.remote_address == socket.local_address || socket.remote_address.starts_with("127.")
        || socket.remote_address == "::1";
}

} // namespace

Result<std::vector<TcpSocket>> parse_tcp_table(std::string_view table)
{
    std::vector<TcpSocket> out;
    bool is_heading = true;
    while (!table.empty()) {
        auto const end = table.find('\n');
        if (end == std::string_view::npos)
            break; // cut off
        auto const line = table.substr(0, end);
        table.remove_prefix(end + 1);
        if (std::exchange(is_heading, false))
            continue;
        auto socket = TRY(parse_line(line));
        out.push_back(std::move(socket));
    }
    return out;
}

Served served_by(std::unordered_set<std::uint64_t> const& own, std::span<TcpSocket const> sockets)
{
    std::unordered_set<std::uint16_t> ports; // on which somebody listens
    std::unordered_set<std::uint16_t> own_ports; // on which it does itself
    for (auto const& socket : sockets)
        if (socket.is_listening) {
            ports.insert(socket.local_port);
            if (own.contains(socket.inode))
                own_ports.insert(socket.local_port);
        }
    bool is_server = false; // of all, and just letting somebody in
    Served out;
    for (auto const& socket : sockets) {
        if (socket.is_listening || !own.contains(socket.inode) || !ports.contains(socket.local_port))
            continue;
        if (own_ports.contains(socket.local_port)) {
            is_server = true;
            continue;
        }
        bool const is_another = out.is_anybody && out.address != socket.remote_address;
        bool const is_same_port = !out.is_anybody || out.port == socket.local_port;
        bool const is_no_clients = is_another || is_of_this_host(socket);
        out = {true, is_no_clients ? std::string() : socket.remote_address,
            is_same_port ? socket.local_port : std::uint16_t{0}};
        if (out.address.empty())
            break;
    }
    out.is_anybody = out.is_anybody || is_server;
    return out;
}

std::optional<RemoteClient> remote_client_of(std::span<event::ProcessKey const> line)
{
    auto opened = proc::ProcDir::open();
    if (!opened.ok())
        return {};
    auto const proc = opened.take();
    auto const until = steady_now() + search_at_most;
    Tables tables;
    for (auto const& key : line.first(std::min(line.size(), line_at_most))) {
        auto process = key.pid > 1 ? proc.open_process(key.pid) : Error(Errc::not_found, "nobody");
        auto stat = process.ok() ? proc.stat(key.pid) : process.take_error();
        if (!stat.ok() || stat.take().start_ticks != key.start_ticks)
            continue; // it has ended
        if (steady_now() > until)
            return {};
        auto const fd = process.take();
        auto const own = sockets_of(fd.get());
        auto served = own.empty() ? Served{} : served_by(own, tables.of(fd.get()));
        if (!served.is_anybody)
            continue;
        auto status = proc::read_start(fd.get(), "status", status_limit);
        auto uid = status.ok() ? proc::parse_effective_uid(status.take()) : status.take_error();
        auto network = sys::stat_at(fd.get(), "ns/net", 0);
        if (served.address.empty() || !uid.ok() || !network.ok())
            return {};
        event::ClientAddress at{std::move(served.address), served.port, network.take().stx_ino};
        return RemoteClient{std::move(at), key, uid.take()};
    }
    return {};
}

} // namespace tocsin::sensor
