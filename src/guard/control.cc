// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/control.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tocsin/base/log.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t connections_at_most = 16;

} // namespace

Control::Control(UniqueFd listener, answers::Handler handler)
    : listener_(std::move(listener)), handler_(std::move(handler)), thread_([this] { accept_all(); })
{
}

Control::~Control()
{
    stopping_ = true;
    (void)::shutdown(listener_.get(), SHUT_RDWR); // ends accept()
    thread_.join();
    {
        std::lock_guard lock(mutex_);
        for (auto& connection : connections_)
            (void)::shutdown(connection.fd.get(), SHUT_RD); // an answer that is under way still goes out
    }
    connections_.clear();
}

void Control::accept_all()
{
    ::pthread_setname_np(::pthread_self(), "control");
    while (!stopping_) {
        UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd) {
            if (errno == EINTR || errno == ECONNABORTED || errno == EMFILE)
                continue;
            return;
        }
        auto peer = answers::peer_of(fd.get());
        if (!peer.ok() || (peer.take().uid != 0))
            continue;
        std::lock_guard lock(mutex_);
        std::erase_if(connections_, [](auto const& connection) { return connection.is_done.load(); });
        if (connections_.size() >= connections_at_most)
            continue;
        auto& connection = connections_.emplace_back();
        connection.fd = std::move(fd);
        connection.thread = std::jthread([this, &connection] { serve_one(connection); });
    }
}

void Control::serve_one(Connection& connection)
{
    ::pthread_setname_np(::pthread_self(), "control");
    auto served = answers::serve(connection.fd.get(), handler_);
    if (!served.ok() && served.error().code() == Errc::corrupt)
        log_line(Severity::warning, "a control connection was ended: " + served.error().message());
    connection.is_done = true;
}

} // namespace tocsin::guard
