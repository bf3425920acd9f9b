// SPDX-License-Identifier: Apache-2.0
// bpf/sent.bpf.c, half of it at the root of all cgroups, and its table, emptied.
#include "tocsin/sensor/sent_bytes.h"

#include <arpa/inet.h>
#include <array>
#include <bpf/bpf.h>
#include <cstring>

#include "sent.skel.h"
#include "sent_counter.h"
#include "tocsin/base/clock.h"
#include "tocsin/sensor/ebpf/libbpf.h"
#include "tocsin/sensor/ebpf/root_cgroup.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t lines_at_once = 1024;

struct DestroySkeleton {
    void operator()(sent_bpf* skeleton) const { sent_bpf__destroy(skeleton); }
};

std::string address_of(sent_key const& key)
{
    in6_addr address{};
    std::memcpy(&address, key.address, sizeof(address));
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (IN6_IS_ADDR_V4MAPPED(&address))
        (void)::inet_ntop(AF_INET, &key.address[12], text.data(), text.size());
    else
        (void)::inet_ntop(AF_INET6, &address, text.data(), text.size());
    return text.data();
}

Opened opened_of(sent_key const& key)
{
    switch (key.opened) {
    case SENT_OPENED_BY_US:
        return Opened::by_sender;
    case SENT_ACCEPTED:
        return Opened::by_peer;
    default:
        return Opened::before;
    }
}

Sent sent_of(sent_key const& key, std::uint64_t bytes)
{
    Sent out;
    out.process = {key.pid, to_ticks(std::chrono::nanoseconds(key.start_ns))};
    out.address = address_of(key);
    out.port = key.port;
    out.transport = key.protocol == IPPROTO_TCP ? Transport::tcp : Transport::udp;
    out.opened = opened_of(key);
    out.bytes = bytes;
    return out;
}

class EbpfSentBytes final : public SentBytes {
public:
    explicit EbpfSentBytes(std::unique_ptr<sent_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<void> attach(UniqueFd const& cgroup)
    {
        if (auto failed = sent_bpf__attach(skeleton_.get()); failed != 0)
            return Error::from_errno(-failed, "attach the programs that count what is sent");
        auto& links = skeleton_->links;
        auto const& programs = skeleton_->progs;
        links.on_datagram_to = bpf_program__attach_cgroup(programs.on_datagram_to, cgroup.get());
        links.on_datagram_to6 = bpf_program__attach_cgroup(programs.on_datagram_to6, cgroup.get());
        if (links.on_datagram_to == nullptr || links.on_datagram_to6 == nullptr)
            return Error::from_errno(errno, "attach the programs that note to whom datagrams go");
        return {};
    }

    Result<std::vector<Sent>> take() override
    {
        auto const table = bpf_map__fd(skeleton_->maps.sent);
        std::vector<Sent> out;
        std::uint32_t place = 0;
        for (bool is_first = true;; is_first = false) {
            auto count = static_cast<std::uint32_t>(lines_at_once);
            auto const failed = bpf_map_lookup_and_delete_batch(
                table, is_first ? nullptr : &place, &place, keys_.data(), bytes_.data(), &count, nullptr);
            if (failed != 0 && errno != ENOENT) // which is the end
                return Error::from_errno(errno, "read what was sent");
            for (std::size_t i = 0; i < count; ++i)
                out.push_back(sent_of(keys_[i], bytes_[i]));
            if (failed != 0)
                return out;
        }
    }

private:
    std::unique_ptr<sent_bpf, DestroySkeleton> skeleton_;
    std::array<sent_key, lines_at_once> keys_;
    std::array<std::uint64_t, lines_at_once> bytes_;
};

} // namespace

Result<std::unique_ptr<SentBytes>> open_sent_bytes()
{
    silence_libbpf();
    auto cgroup = TRY(root_cgroup());
    std::unique_ptr<sent_bpf, DestroySkeleton> skeleton(sent_bpf__open_and_load());
    if (!skeleton)
        return Error::from_errno(errno, "load the programs that count what is sent");
    auto sensor = std::make_unique<EbpfSentBytes>(std::move(skeleton));
    TRY(sensor->attach(cgroup));
    return std::unique_ptr<SentBytes>(std::move(sensor));
}

} // namespace tocsin::sensor
