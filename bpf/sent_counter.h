/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/sent_counter.h -- a line of the table of bpf/sent.bpf.c; read by sensor/ebpf/sent_bytes.cc.
 *
 * Both come from one build, so there is no version: the layout may change with every commit.
 */
#ifndef TOCSIN_BPF_SENT_COUNTER_H
#define TOCSIN_BPF_SENT_COUNTER_H

#include <linux/types.h>

#define SENT_COUNTERS_AT_MOST 16384

enum sent_opened {
    SENT_OPENED_BEFORE = 0, /* the guard, by whomever */
    SENT_OPENED_BY_US = 1,
    SENT_ACCEPTED = 2,
};

struct sent_key {
    __u64 start_ns; /* since boot */
    __s32 pid; /* thread group of whoever sent */
    __u16 port; /* the peer's, in the machine's byte order */
    __u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 opened; /* enum sent_opened */
    __u8 address[16]; /* the peer's; IPv4 as ::ffff:a.b.c.d */
};

#endif
