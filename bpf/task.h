/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/task.h -- which process a task belongs to. */
#ifndef TOCSIN_BPF_TASK_H
#define TOCSIN_BPF_TASK_H

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "kernel_types.h"
#include "process_key.h"

static __always_inline struct process_key process_of(struct task_struct* task)
{
    struct process_key key = {BPF_CORE_READ(task, tgid), 0,
        BPF_CORE_READ(task, group_leader, start_boottime) / PROCESS_NS_PER_TICK};
    return key;
}

#endif
