/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/condemned.bpf.c -- a condemned process changes no names, attributes or lengths below a protected directory.
 *
 * For unlink, rename, chmod, setxattr and the like fanotify has no event to deny by. A process is
 * condemned by its number and start, and all that it makes from then on is with it: the child is
 * entered before it runs. Whoever is not condemned pays one look into the table.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_tracing.h>

#include "name_hooks.h"
#include "places.h"
#include "task.h"

char programs_license[] SEC("license") = "GPL";

/* The value is who was condemned by the guard: the process itself, or its ancestor. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __type(key, struct process_key);
    __type(value, struct process_key);
} condemned SEC(".maps");

__u64 denials = 0;
__u64 untold = 0; /* children that found the table full */

static __always_inline int is_condemned(void)
{
    struct process_key key = process_of((void*)bpf_get_current_task());
    return bpf_map_lookup_elem(&condemned, &key) != 0;
}

static __always_inline int rule_name(struct dentry* dentry)
{
    if (!is_condemned())
        return ALLOW;
    __u32 place = place_of(dentry);
    if (place != PLACE_GUARDED && place != PLACE_UNKNOWN)
        return ALLOW;
    __sync_fetch_and_add(&denials, 1);
    return NOT_PERMITTED;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child)
{
    struct process_key of_parent = process_of(parent);
    struct process_key* cause = bpf_map_lookup_elem(&condemned, &of_parent);
    if (!cause || BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
        return 0;
    struct process_key of_child = process_of(child);
    struct process_key why = *cause;
    if (bpf_map_update_elem(&condemned, &of_child, &why, BPF_ANY) != 0)
        __sync_fetch_and_add(&untold, 1);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task)
{
    if (BPF_CORE_READ(task, signal, live.counter) != 0)
        return 0; /* other threads go on */
    struct process_key key = process_of(task);
    bpf_map_delete_elem(&condemned, &key);
    return 0;
}
