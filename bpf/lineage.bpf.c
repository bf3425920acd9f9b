/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/lineage.bpf.c -- tells the guard of every fork, exec and exit, with all that is asked later.
 *
 * BTF raw tracepoints (tp_btf): they need neither tracefs nor the right to attach to functions,
 * and they run where the process is still whole, so that nothing is lost of one that lives for a
 * millisecond. Threads are left out: a process is its thread group.
 *
 * An event that finds the ring full is dropped and counted; the programs never wait.
 * The helpers that read kernel memory are offered to programs under the GPL only; hence the two
 * licences of this folder.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "kernel_types.h"
#include "lineage_event.h"

char programs_license[] SEC("license") = "GPL";

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 8 * 1024 * 1024); /* some 7,000 forks and execs */
} events SEC(".maps");

__u64 lost = 0;

static __always_inline void fill_key(struct lineage_key* key, __u32 kind, struct task_struct* task)
{
    key->kind = kind;
    key->pid = BPF_CORE_READ(task, tgid);
    /* A thread that execs takes over the leader's times; a leader may have ended before others. */
    key->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
}

static __always_inline void fill_arguments(struct lineage_event* event, struct mm_struct* mm)
{
    unsigned long start = BPF_CORE_READ(mm, arg_start);
    unsigned long size = BPF_CORE_READ(mm, arg_end) - start;
    event->argument_bytes = 0;
    if (size > LINEAGE_ARGUMENT_BYTES)
        size = LINEAGE_ARGUMENT_BYTES;
    if (size > 0 && bpf_probe_read_user(event->arguments, size, (void*)start) == 0)
        event->argument_bytes = size;
}

/* Names from the executable up to the root of its mount namespace, over mount points. */
static __always_inline void fill_path(struct lineage_event* event, struct mm_struct* mm)
{
    struct file* exe = BPF_CORE_READ(mm, exe_file);
    struct dentry* dentry = BPF_CORE_READ(exe, f_path.dentry);
    struct vfsmount* vfsmount = BPF_CORE_READ(exe, f_path.mnt);
    struct mount* mount = (void*)vfsmount - bpf_core_field_offset(struct mount, mnt);
    __u32 used = 0;

    event->path_bytes = 0;
    if (!exe)
        return;
    for (int i = 0; i < LINEAGE_PATH_COMPONENTS; ++i) {
        struct dentry* parent = BPF_CORE_READ(dentry, d_parent);
        if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
            struct mount* above = BPF_CORE_READ(mount, mnt_parent);
            if (above == mount || !above) {
                event->flags |= LINEAGE_PATH_IS_WHOLE;
                break;
            }
            dentry = BPF_CORE_READ(mount, mnt_mountpoint);
            mount = above;
            continue;
        }
        if (used >= LINEAGE_PATH_BYTES)
            break;
        long size = bpf_probe_read_kernel_str(&event->path[used & (LINEAGE_PATH_BYTES - 1)],
            LINEAGE_NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
        if (size <= 0)
            break;
        used += size;
        dentry = parent;
    }
    event->path_bytes = used;
}

/* `task` is the current one, or its child that has not run yet and shows the same memory. */
static __always_inline int tell(__u32 kind, struct task_struct* task)
{
    struct lineage_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&lost, 1);
        return 0;
    }
    struct task_struct* parent = BPF_CORE_READ(task, real_parent);
    struct mm_struct* mm = BPF_CORE_READ(task, mm);
    fill_key(&event->key, kind, task);
    event->parent_pid = BPF_CORE_READ(parent, tgid);
    event->parent_start_ns = BPF_CORE_READ(parent, group_leader, start_boottime);
    event->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
    event->uid = BPF_CORE_READ(task, cred, euid.val);
    event->session = BPF_CORE_READ(task, signal, pids[PIDTYPE_SID], numbers[0].nr);
    event->flags = BPF_CORE_READ(task, flags) & PF_KTHREAD ? LINEAGE_IS_KERNEL_THREAD : 0;
    event->argument_bytes = 0;
    event->path_bytes = 0;
    BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
    if (mm) {
        fill_arguments(event, mm);
        fill_path(event, mm);
    }
    bpf_ringbuf_submit(event, 0);
    return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child)
{
    if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
        return 0; /* a thread */
    return tell(LINEAGE_FORKED, child);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task)
{
    return tell(LINEAGE_EXECUTED, task);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task)
{
    /* The count was lowered before the tracepoint: whoever sees zero is among the last. Two
     * threads that end together may both see it, and the guard hears of the end twice. */
    if (BPF_CORE_READ(task, signal, live.counter) != 0)
        return 0;
    struct lineage_key* key = bpf_ringbuf_reserve(&events, sizeof(*key), 0);
    if (!key) {
        __sync_fetch_and_add(&lost, 1);
        return 0;
    }
    fill_key(key, LINEAGE_EXITED, task);
    bpf_ringbuf_submit(key, 0);
    return 0;
}
