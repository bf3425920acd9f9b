/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/self_event.h -- what bpf/self.bpf.c writes into its ring; read by sensor/ebpf/self_gate.cc.
 *
 * Both come from one build, so there is no version: the layout may change with every commit.
 */
#ifndef TOCSIN_BPF_SELF_EVENT_H
#define TOCSIN_BPF_SELF_EVENT_H

#include <linux/types.h>

#include "process_key.h"

enum self_deed {
    SELF_SIGNAL = 1,
    SELF_TRACE = 2,
    SELF_LIMIT = 3, /* resource limits, priority, scheduling */
    SELF_TABLE = 4, /* a table of the guard's programs */
    SELF_FILE = 5, /* below a guarded directory */
};

struct self_event {
    struct process_key process; /* whoever was refused */
    __u32 deed; /* enum self_deed */
    __u32 number; /* of the signal; 0 otherwise */
    __u32 uid;
    char comm[16];
};

#endif
