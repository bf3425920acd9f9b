/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/device_event.h -- what bpf/devices.bpf.c writes into its ring; read by sensor/ebpf/device_gate.cc.
 *
 * Both come from one build, so there is no version: the layout may change with every commit.
 */
#ifndef TOCSIN_BPF_DEVICE_EVENT_H
#define TOCSIN_BPF_DEVICE_EVENT_H

#include <linux/types.h>

#define DEVICES_AT_MOST 4096

struct device_key {
    __u32 major;
    __u32 minor;
};

struct device_event {
    struct device_key device;
    __s32 pid; /* thread group of whoever was refused */
    __u32 uid;
    __u64 start_ns; /* since boot */
    char comm[16];
};

#endif
