// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/connector_message.h"

#include <algorithm>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <unistd.h>

namespace tocsin::sensor {
namespace {

constexpr std::size_t header_bytes = NLMSG_HDRLEN;

static_assert(sizeof(nlmsghdr) == 16 && header_bytes == 16);
static_assert(sizeof(cn_msg) == 20);

template <typename Number>
Result<void> read_into(ByteReader& in, Number& out)
{
    auto value = TRY(in.fixed<std::make_unsigned_t<Number>>());
    out = static_cast<Number>(value);
    return {};
}

// The members of proc_event's union that we read; kernels differ in how long it is.
Result<void> read_data(ByteReader& in, ConnectorEvent& event)
{
    if (event.kind == ConnectorKind::fork) {
        TRY(in.raw(4)); // the parent's thread
        TRY(read_into(in, event.parent_tgid));
    }
    TRY(read_into(in, event.pid));
    TRY(read_into(in, event.tgid));
    if (event.kind == ConnectorKind::uid) {
        TRY(in.raw(4)); // the real one
        TRY(read_into(in, event.effective_uid));
    }
    return {};
}

bool is_known(ConnectorKind kind)
{
    using enum ConnectorKind;
    return kind == fork || kind == exec || kind == uid || kind == sid || kind == exit;
}

// The content of one netlink message: a cn_msg with a proc_event.
Result<void> read_message(ByteView content, std::vector<ConnectorEvent>& out)
{
    ByteReader in(content);
    auto index = TRY(in.fixed<std::uint32_t>());
    auto value = TRY(in.fixed<std::uint32_t>());
    TRY(in.raw(8)); // seq, ack
    auto size = TRY(in.fixed<std::uint16_t>());
    TRY(in.raw(2)); // flags
    if (index != CN_IDX_PROC || value != CN_VAL_PROC)
        return {};
    auto data = TRY(in.raw(size));
    ByteReader body(data);
    ConnectorEvent event;
    auto kind = TRY(body.fixed<std::uint32_t>());
    event.kind = static_cast<ConnectorKind>(kind);
    TRY(body.raw(4)); // cpu
    TRY(read_into(body, event.monotonic_ns));
    if (!is_known(event.kind))
        return {};
    TRY(read_data(body, event));
    out.push_back(event);
    return {};
}

} // namespace

Result<std::vector<ConnectorEvent>> parse_connector_datagram(ByteView datagram)
{
    std::vector<ConnectorEvent> out;
    while (datagram.size() >= header_bytes) {
        nlmsghdr header;
        std::memcpy(&header, datagram.data(), sizeof(header));
        if (header.nlmsg_len < header_bytes || header.nlmsg_len > datagram.size())
            return Error(Errc::corrupt, "a netlink message is longer than its datagram");
        auto content = datagram.subspan(header_bytes, header.nlmsg_len - header_bytes);
        if (header.nlmsg_type == NLMSG_ERROR) {
            ByteReader in(content);
            std::int32_t code = 0;
            TRY(read_into(in, code));
            if (code < 0 && code > -4096)
                return Error::from_errno(-code, "proc connector");
        } else if (header.nlmsg_type == NLMSG_DONE) {
            TRY(read_message(content, out));
        }
        datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
    }
    return out;
}

Bytes connector_request()
{
    ByteWriter out;
    out.fixed(static_cast<std::uint32_t>(header_bytes + sizeof(cn_msg) + 4));
    out.fixed(static_cast<std::uint16_t>(NLMSG_DONE));
    out.fixed(std::uint16_t{0}); // flags
    out.fixed(std::uint32_t{0}); // sequence
    out.fixed(std::uint32_t{0}); // port: the kernel fills it in
    out.fixed(std::uint32_t{CN_IDX_PROC});
    out.fixed(std::uint32_t{CN_VAL_PROC});
    out.fixed(std::uint64_t{0}); // seq, ack
    out.fixed(std::uint16_t{4});
    out.fixed(std::uint16_t{0}); // flags
    out.fixed(static_cast<std::uint32_t>(PROC_CN_MCAST_LISTEN));
    return out.take();
}

} // namespace tocsin::sensor
