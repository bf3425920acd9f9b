// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/service_manager.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tocsin/base/number.h"

namespace tocsin::supervise {
namespace {

constexpr std::size_t status_at_most = 1'000; // bytes: a sentence on a terminal

std::string taken(char const* name)
{
    char const* value = std::getenv(name);
    std::string out = value == nullptr ? "" : value;
    (void)::unsetenv(name);
    return out;
}

std::uint64_t number_in(std::string const& text)
{
    std::uint64_t out = 0;
    return to_number(text, out) ? out : 0;
}

UniqueFd connected_to(std::string const& name)
{
    sockaddr_un address{};
    bool const is_address = name.starts_with('/') || name.starts_with('@');
    if (!is_address || name.size() >= sizeof(address.sun_path))
        return UniqueFd();
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@'))
        address.sun_path[0] = '\0';
    UniqueFd out(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (!out || ::connect(out.get(), reinterpret_cast<sockaddr const*>(&address), size) != 0)
        return UniqueFd();
    return out;
}

// One line: a path with a line break must not become a word of ours to the manager.
std::string status_line(std::string_view status)
{
    std::string out("STATUS=");
    out += status.substr(0, status_at_most);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    return out;
}

} // namespace

ServiceManager::Environment ServiceManager::take_environment()
{
    Environment out;
    out.socket = taken("NOTIFY_SOCKET");
    auto const limit = number_in(taken("WATCHDOG_USEC"));
    auto const whom = taken("WATCHDOG_PID");
    if (whom.empty() || number_in(whom) == static_cast<std::uint64_t>(::getpid()))
        out.watchdog = std::chrono::microseconds(limit);
    return out;
}

ServiceManager::ServiceManager(Environment const& environment) : socket_(connected_to(environment.socket))
{
    if (socket_ && environment.watchdog.count() > 0)
        watchdog_ = environment.watchdog;
}

bool ServiceManager::ready(std::string_view status) const noexcept
{
    return send("READY=1\n" + status_line(status));
}

bool ServiceManager::status(std::string_view status) const noexcept
{
    return send(status_line(status));
}

bool ServiceManager::beat() const noexcept
{
    return send("WATCHDOG=1");
}

bool ServiceManager::stopping() const noexcept
{
    return send("STOPPING=1\n" + status_line("ending: nothing is guarded, what was closed is kept"));
}

bool ServiceManager::send(std::string_view lines) const noexcept
{
    if (!socket_)
        return true;
    auto const sent = ::send(socket_.get(), lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(lines.size());
}

} // namespace tocsin::supervise
