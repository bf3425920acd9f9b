/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/devices.bpf.c -- refuses writing to the block devices in a table, to every process.
 *
 * A device program of the root cgroup: the kernel asks it before a device is opened, by whichever
 * node, with the device's number and whether it is for writing; also where the kernel itself
 * opens one for a process (mount, device-mapper, swapon). Nobody waits for the guard, and the
 * program goes with the guard's last descriptor of it.
 * Refusals that find the ring full are counted, and not told.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "device_event.h"
#include "kernel_types.h"

char programs_license[] SEC("license") = "GPL";

enum { REFUSE = 0, ALLOW = 1 };

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, DEVICES_AT_MOST);
    __type(key, struct device_key);
    __type(value, __u8);
} guarded SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 * 1024);
} events SEC(".maps");

__u64 refusals = 0;

static __always_inline void tell(struct device_key device)
{
    struct device_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (!event)
        return;
    struct task_struct* task = (void*)bpf_get_current_task();
    event->device = device;
    event->pid = BPF_CORE_READ(task, tgid);
    event->uid = BPF_CORE_READ(task, cred, euid.val);
    event->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
    BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
    bpf_ringbuf_submit(event, 0);
}

SEC("cgroup/dev")
int on_device(struct bpf_cgroup_dev_ctx* context)
{
    __u32 type = context->access_type & 0xffff;
    __u32 access = context->access_type >> 16;
    struct device_key device = {context->major, context->minor};

    if (type != BPF_DEVCG_DEV_BLOCK || !(access & BPF_DEVCG_ACC_WRITE))
        return ALLOW;
    if (!bpf_map_lookup_elem(&guarded, &device))
        return ALLOW;
    __sync_fetch_and_add(&refusals, 1);
    tell(device);
    return REFUSE;
}
