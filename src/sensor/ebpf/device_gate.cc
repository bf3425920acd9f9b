// SPDX-License-Identifier: Apache-2.0
// bpf/devices.bpf.c at the root of all cgroups, its table and its ring.
#include "tocsin/sensor/device_gate.h"

#include <bpf/bpf.h>
#include <cstring>

#include "device_event.h"
#include "devices.skel.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/log.h"
#include "tocsin/sensor/ebpf/libbpf.h"
#include "tocsin/sensor/ebpf/root_cgroup.h"

namespace tocsin::sensor {
namespace {

struct DestroySkeleton {
    void operator()(devices_bpf* skeleton) const { devices_bpf__destroy(skeleton); }
};

class EbpfDeviceGate final : public DeviceGate {
public:
    explicit EbpfDeviceGate(std::unique_ptr<devices_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<void> attach(UniqueFd const& cgroup)
    {
        auto take = [](void* self, void* data, std::size_t size) {
            static_cast<EbpfDeviceGate*>(self)->take_event(data, size);
            return 0;
        };
        ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.events), take, this, nullptr));
        if (!ring_)
            return Error::from_errno(errno, "ring_buffer__new");
        skeleton_->links.on_device = bpf_program__attach_cgroup(skeleton_->progs.on_device, cgroup.get());
        if (skeleton_->links.on_device == nullptr)
            return Error::from_errno(errno, "attach the device program");
        return {};
    }

    Result<void> refuse(DeviceNumber device) override
    {
        device_key const key{device.major, device.minor};
        std::uint8_t const value = 1;
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.guarded), &key, &value, BPF_ANY) != 0)
            return Error::from_errno(errno, "note a device");
        return {};
    }
    void allow(DeviceNumber device) override
    {
        device_key const key{device.major, device.minor};
        (void)bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.guarded), &key);
    }

    int fd() const override { return ring_buffer__epoll_fd(ring_.get()); }
    void drain(std::function<void(RefusedWrite&&)> const& sink) override
    {
        sink_ = &sink;
        (void)ring_buffer__consume(ring_.get());
        sink_ = nullptr;
    }
    std::uint64_t refusals() const override
    {
        return __atomic_load_n(&skeleton_->bss->refusals, __ATOMIC_RELAXED);
    }

private:
    void take_event(void const* data, std::size_t size) const
    {
        device_event event{};
        if (size < sizeof(event))
            return;
        std::memcpy(&event, data, sizeof(event));
        RefusedWrite out;
        out.device = {event.device.major, event.device.minor};
        out.process = {event.pid, to_ticks(std::chrono::nanoseconds(event.start_ns))};
        out.uid = event.uid;
        out.command = printable({event.comm, ::strnlen(event.comm, sizeof(event.comm))}, sizeof(event.comm));
        (*sink_)(std::move(out));
    }

    std::unique_ptr<devices_bpf, DestroySkeleton> skeleton_;
    std::unique_ptr<ring_buffer, FreeRing> ring_;
    std::function<void(RefusedWrite&&)> const* sink_ = nullptr; // while draining
};

} // namespace

Result<std::unique_ptr<DeviceGate>> open_device_gate()
{
    silence_libbpf();
    auto cgroup = TRY(root_cgroup());
    std::unique_ptr<devices_bpf, DestroySkeleton> skeleton(devices_bpf__open_and_load());
    if (!skeleton)
        return Error::from_errno(errno, "load the device program");
    auto gate = std::make_unique<EbpfDeviceGate>(std::move(skeleton));
    TRY(gate->attach(cgroup));
    return std::unique_ptr<DeviceGate>(std::move(gate));
}

} // namespace tocsin::sensor
