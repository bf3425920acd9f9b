/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/truncation.h -- what hangs on a file that was opened for writing: how it was when it was last kept.
 *
 * Shared by bpf/truncation.bpf.c and sensor/ebpf/truncation_gate.cc. Both come from one build, so
 * there is no version.
 */
#ifndef TOCSIN_BPF_TRUNCATION_H
#define TOCSIN_BPF_TRUNCATION_H

#include <linux/types.h>

struct kept {
    __u64 size;
    __s64 mtime_ns;
    __u64 refused_since_ns; /* of the clock that stands still in sleep; 0: not refused since it was kept */
    __u32 is_left_out; /* nobody keeps it */
    __u32 has_set_time; /* somebody gave it an mtime since: that it is the same says nothing */
};

#endif
