// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/socket.h"

#include <array>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "tocsin/base/sys.h"

namespace tocsin::answers {

namespace {

constexpr std::string_view socket_name = "control.sock";

struct Place {
    UniqueFd directory; // keeps the address valid
    sockaddr_un address{};
};

Result<Place> place_of(std::string const& state_dir)
{
    Place place;
    place.directory = TRY(sys::open(state_dir, O_PATH | O_DIRECTORY));
    auto path = sys::fd_path(place.directory.get()) + "/" + std::string(socket_name);
    if (path.size() >= sizeof(place.address.sun_path))
        return Error(Errc::invalid, "socket path too long");
    place.address.sun_family = AF_UNIX;
    std::memcpy(place.address.sun_path, path.c_str(), path.size() + 1);
    return place;
}

sockaddr const* generic(sockaddr_un const& address)
{
    return reinterpret_cast<sockaddr const*>(&address);
}

Result<UniqueFd> make_socket()
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return Error::from_errno(errno, "socket");
    return fd;
}

// MSG_NOSIGNAL: a peer that went away is an error, not the end of the program.
Result<void> send_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return Error::from_errno(errno, "send");
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

// Empty at the end of the stream.
Result<std::string> receive_some(int fd)
{
    std::array<char, 16384> buffer;
    for (;;) {
        auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got >= 0)
            return std::string(buffer.data(), static_cast<std::size_t>(got));
        if (errno != EINTR)
            return Error::from_errno(errno, "recv");
    }
}

Answer refusal_of(Error const& error)
{
    return Refusal{error.message(), error.code()};
}

// An answer that does not fit in a line becomes an error that does.
std::string encode_bounded(Answer const& answer)
{
    auto line = encode(answer);
    if (line.size() <= max_answer_bytes)
        return line;
    return encode(Answer(Refusal{"the answer is longer than a line may be", Errc::full}));
}

Answer answer_to(int connection, Request const& request, Handler const& handler)
{
    auto tell = [&](Progress const& progress) { (void)send_all(connection, encode(Answer(progress))).ok(); };
    auto result = handler(request, tell);
    if (!result.ok())
        return refusal_of(result.error());
    return Answer(result.take());
}

} // namespace

Result<ControlClient> ControlClient::connect(std::string const& state_dir)
{
    auto nobody = [&] { return Error(Errc::not_found, "no guard runs on '" + state_dir + "'"); };
    auto place = place_of(state_dir);
    if (!place.ok())
        return place.error().code() == Errc::not_found ? nobody() : place.take_error();
    auto there = place.take();
    auto fd = TRY(make_socket());
    if (::connect(fd.get(), generic(there.address), sizeof(there.address)) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return nobody();
        return Error::from_errno(errno, "connect to the guard of '" + state_dir + "'");
    }
    return ControlClient(std::move(fd));
}

Result<std::string> ControlClient::next_line()
{
    for (;;) {
        if (auto line = lines_.next())
            return std::move(*line);
        auto arrived = TRY(receive_some(fd_.get()));
        if (arrived.empty())
            return Error(Errc::failed, "the guard ended before it had answered");
        TRY(lines_.add(arrived));
    }
}

Result<json::value> ControlClient::ask(Request const& request, ProgressSink const& on_progress)
{
    auto line = encode(request);
    if (line.size() > max_request_bytes)
        return Error(Errc::full, "too much is asked for at once");
    TRY(send_all(fd_.get(), line).context("ask the guard"));
    for (;;) {
        auto text = TRY(next_line());
        auto answer = TRY(decode_answer(text));
        if (auto const* progress = std::get_if<Progress>(&answer))
            on_progress(*progress);
        else if (auto* refusal = std::get_if<Refusal>(&answer))
            return Error(refusal->code, std::move(refusal->sentence));
        else
            return std::move(std::get<json::value>(answer));
    }
}

Result<UniqueFd> listen_control(std::string const& state_dir)
{
    auto place = TRY(place_of(state_dir).context("control socket"));
    auto fd = TRY(make_socket());
    auto removed = sys::remove_at(place.directory.get(), std::string(socket_name), 0);
    if (!removed.ok() && removed.error().code() != Errc::not_found)
        return std::move(removed).context("control socket").take_error();
    // On a socket fchmod() before bind() decides the mode that the name gets: no moment of more.
    if (::fchmod(fd.get(), 0600) != 0)
        return Error::from_errno(errno, "control socket: fchmod");
    if (::bind(fd.get(), generic(place.address), sizeof(place.address)) != 0)
        return Error::from_errno(errno, "control socket: bind");
    if (::listen(fd.get(), 16) != 0)
        return Error::from_errno(errno, "control socket: listen");
    return fd;
}

Result<Peer> peer_of(int connection)
{
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return Error::from_errno(errno, "SO_PEERCRED");
    return Peer{credentials.pid, credentials.uid};
}

Result<void> serve(int connection, Handler const& handler)
{
    timeval limit{};
    limit.tv_sec = request_limit.count();
    if (::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0
        || ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
        return Error::from_errno(errno, "setsockopt");
    auto refuse = [&](Error error) {
        (void)send_all(connection, encode(refusal_of(error))).ok();
        return error;
    };
    auto const peer = TRY(peer_of(connection));
    LineReader lines(max_request_bytes);
    for (;;) {
        auto line = lines.next();
        if (!line) {
            auto arrived = TRY(receive_some(connection));
            if (arrived.empty())
                return {};
            if (auto added = lines.add(arrived); !added.ok())
                return refuse(added.take_error());
            continue;
        }
        auto decoded = decode_request(*line);
        if (!decoded.ok())
            return refuse(decoded.take_error());
        auto request = decoded.take();
        request.process = peer.pid;
        TRY(send_all(connection, encode_bounded(answer_to(connection, request, handler))));
    }
}

} // namespace tocsin::answers
