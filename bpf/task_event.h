/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/task_event.h -- one thread, as bpf/tasks.bpf.c writes it. */
#ifndef TOCSIN_BPF_TASK_EVENT_H
#define TOCSIN_BPF_TASK_EVENT_H

#include <linux/types.h>

enum task_rest { TASK_RESTS, TASK_IN_KERNEL, TASK_RUNS, TASK_HAS_ENDED };

struct task_event {
    __u64 start_ns; /* of its process */
    __u32 pid; /* of its process; all numbers are those of the initial namespace */
    __u32 parent; /* the process's */
    __u32 is_kernel_thread;
    __u32 rest; /* enum task_rest */
};

#endif
