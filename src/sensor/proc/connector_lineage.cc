// SPDX-License-Identifier: Apache-2.0
// The proc connector: netlink messages that carry numbers only; the rest is read from /proc at
// once, and of a process that is gone by then it is taken from what is known of its parent.
//
// Bounds: a receive buffer of 8 MiB; a drain takes at most 4,096 datagrams. What is known of
// living processes is one entry a pid.
#include "tocsin/sensor/lineage.h"

#include <array>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

#include "tocsin/base/sys.h"
#include "tocsin/sensor/proc/connector_message.h"
#include "tocsin/sensor/proc/process_reader.h"

namespace tocsin::sensor {
namespace {

constexpr int drain_limit = 4096;
constexpr int receive_buffer_bytes = 8 << 20;

std::int64_t now_ns(clockid_t clock)
{
    timespec t{};
    (void)::clock_gettime(clock, &t);
    return to_nanoseconds(t);
}

// Events carry the monotonic clock; processes are known by the one that counts sleep too.
std::uint64_t ticks_of(std::uint64_t monotonic_ns)
{
    auto const slept = now_ns(CLOCK_BOOTTIME) - now_ns(CLOCK_MONOTONIC);
    return to_ticks(std::chrono::nanoseconds(static_cast<std::int64_t>(monotonic_ns) + slept));
}

Result<UniqueFd> open_socket()
{
    UniqueFd fd(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    if (!fd)
        return Error::from_errno(errno, "socket NETLINK_CONNECTOR");
    // Without the right to a larger buffer the usual one has to do; lost() tells what it costs.
    (void)::setsockopt(
        fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = CN_IDX_PROC;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
        return Error::from_errno(errno, "bind to the proc connector");
    auto request = connector_request();
    if (::send(fd.get(), request.data(), request.size(), 0) < 0)
        return Error::from_errno(errno, "ask the proc connector");
    return fd;
}

class ConnectorLineage final : public LineageSource {
public:
    ConnectorLineage(UniqueFd socket, ProcessReader reader)
        : socket_(std::move(socket)), reader_(std::move(reader))
    {
    }

    Result<void> learn_the_living()
    {
        auto all = TRY(reader_.read_all());
        for (auto& process : all)
            living_.insert_or_assign(process.key.pid, std::move(process));
        return {};
    }

    int fd() const override { return socket_.get(); }
    std::uint64_t lost() const override { return lost_; }
    std::string_view engine() const override { return "proc connector"; }

    Result<void> drain(LifecycleSink const& sink) override
    {
        for (int taken = 0; taken < drain_limit; ++taken) {
            auto received = TRY(receive());
            if (received == Received::nothing)
                return {};
            if (received == Received::something)
                TRY(hand_over(sink));
        }
        return {};
    }

private:
    enum class Received { nothing, something, ignored };

    Result<Received> receive()
    {
        sockaddr_nl sender{};
        socklen_t sender_size = sizeof(sender);
        auto size = ::recvfrom(socket_.get(), datagram_.data(), datagram_.size(), 0,
            reinterpret_cast<sockaddr*>(&sender), &sender_size);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return Received::nothing;
        if (size < 0 && errno == ENOBUFS) {
            ++lost_; // at least one: the kernel does not say how many
            return Received::ignored;
        }
        if (size < 0 && errno == EINTR)
            return Received::ignored;
        if (size < 0)
            return Error::from_errno(errno, "recvfrom the proc connector");
        if (sender.nl_pid != 0)
            return Received::ignored; // not from the kernel
        size_ = static_cast<std::size_t>(size);
        return Received::something;
    }

    Result<void> hand_over(LifecycleSink const& sink)
    {
        auto events = TRY(parse_connector_datagram(ByteView(datagram_).first(size_)));
        for (auto const& event : events) {
            if (event.pid != event.tgid)
                continue; // a thread
            switch (event.kind) {
            case ConnectorKind::fork:
                sink({LifecycleKind::forked, born(event)});
                break;
            case ConnectorKind::exec:
                sink({LifecycleKind::executed, executed(event)});
                break;
            case ConnectorKind::exit:
                sink({LifecycleKind::exited, ended(event)});
                break;
            case ConnectorKind::uid:
                if (auto known = living_.find(event.pid); known != living_.end())
                    known->second.uid = event.effective_uid;
                break;
            case ConnectorKind::sid:
                if (auto known = living_.find(event.pid); known != living_.end())
                    known->second.session = event.pid; // setsid(2) makes its caller the leader
                break;
            }
        }
        return {};
    }

    event::Process born(ConnectorEvent const& event)
    {
        event::Process child;
        if (auto parent = living_.find(event.parent_tgid); parent != living_.end()) {
            child = parent->second; // all of it is inherited
            child.parent = parent->second.key;
        } else {
            child.parent = {event.parent_tgid, 0};
        }
        // The kernel sets the start a moment before it tells of it; /proc has it exactly.
        child.key = {event.pid, ticks_of(event.monotonic_ns)};
        if (auto key = reader_.key_of(event.pid); key.ok())
            child.key = key.take();
        living_.insert_or_assign(event.pid, child);
        return child;
    }

    event::Process executed(ConnectorEvent const& event)
    {
        auto& known = living_[event.pid];
        auto now = reader_.read(event.pid);
        if (now.ok()) {
            auto parent = known.parent;
            bool is_same = known.key.pid == event.pid;
            known = now.take();
            if (is_same)
                known.parent = parent; // at birth
        } else {
            known.key.pid = event.pid;
            known.executable.clear(); // they were its parent's
            known.command.clear();
        }
        return known;
    }

    event::Process ended(ConnectorEvent const& event)
    {
        event::Process out;
        out.key.pid = event.pid;
        if (auto known = living_.find(event.pid); known != living_.end()) {
            out.key = known->second.key;
            living_.erase(known);
        }
        return out;
    }

    UniqueFd socket_;
    ProcessReader reader_;
    std::unordered_map<std::int32_t, event::Process> living_;
    std::array<std::byte, 65536> datagram_;
    std::size_t size_ = 0; // used of datagram_
    std::uint64_t lost_ = 0;
};

} // namespace

Result<std::unique_ptr<LineageSource>> open_proc_connector_lineage()
{
    auto reader = TRY(ProcessReader::create());
    auto socket = TRY(open_socket());
    auto source = std::make_unique<ConnectorLineage>(std::move(socket), std::move(reader));
    TRY(source->learn_the_living());
    return std::unique_ptr<LineageSource>(std::move(source));
}

} // namespace tocsin::sensor
