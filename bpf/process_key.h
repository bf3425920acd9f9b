/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/process_key.h -- a process as the tables of our programs know it: the same as event::ProcessKey.
 *
 * Shared by the kernel side and the guard. Both come from one build, so there is no version.
 */
#ifndef TOCSIN_BPF_PROCESS_KEY_H
#define TOCSIN_BPF_PROCESS_KEY_H

#include <linux/types.h>

#define PROCESS_NS_PER_TICK 10000000 /* /proc counts a start so */

struct process_key {
    __s32 pid; /* thread group, in the initial pid namespace */
    __u32 unused; /* 0 */
    __u64 start_ticks; /* since boot */
};

#endif
