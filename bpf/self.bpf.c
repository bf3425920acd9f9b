/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/self.bpf.c -- nobody but process 1 stops, traces or starves the guard, or changes what it keeps.
 *
 * The guard's processes are in one table, directories whose files only they change carry a mark.
 * Process 1 of the host is the service manager: it may do all. The kernel asks about signals of
 * processes alone, so that a terminal's, a timer's and the OOM killer's arrive.
 * Refusals that find the ring full are counted, and not told.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_tracing.h>

#include "name_hooks.h"
#include "places.h"
#include "self_event.h"
#include "task.h"

char programs_license[] SEC("license") = "GPL";

enum { SIGNAL_INT = 2, SIGNAL_TERM = 15, SIGNAL_CONT = 18 };
enum { TRACE_TO_ATTACH = 2 }; /* PTRACE_MODE_ATTACH: also /proc/PID/mem, process_vm_readv, pidfd_getfd */
enum { FOR_WRITING = 2 }; /* FMODE_WRITE */
enum { TRUNCATES = 01000 }; /* O_TRUNC, also of an open for reading */
enum {
    REMOUNTS = 1 << 5,
    BINDS = 1 << 12
}; /* MS_REMOUNT, MS_BIND; both: this mount alone, and what it shows stays */
enum { PROPAGATES = 0xf << 17 }; /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, struct process_key);
    __type(value, __u8);
} own SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, __u32); /* the id of a map */
    __type(value, __u8);
} own_tables SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 * 1024);
} events SEC(".maps");

__u64 refusals = 0;
__u8 ends_for_anybody = 0; /* SIGTERM and SIGINT end the guard in order, whoever may send them */

static __always_inline int is_own(struct task_struct* task)
{
    struct process_key key = process_of(task);
    return bpf_map_lookup_elem(&own, &key) != 0;
}

static __always_inline int may_all(void)
{
    struct task_struct* task = (void*)bpf_get_current_task();
    return BPF_CORE_READ(task, tgid) == 1 || (BPF_CORE_READ(task, flags) & PF_KTHREAD) || is_own(task);
}

static __always_inline int refuse(__u32 deed, __u32 number)
{
    __sync_fetch_and_add(&refusals, 1);
    struct self_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (!event)
        return NOT_PERMITTED;
    struct task_struct* task = (void*)bpf_get_current_task();
    event->process = process_of(task);
    event->deed = deed;
    event->number = number;
    event->uid = BPF_CORE_READ(task, cred, euid.val);
    BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
    bpf_ringbuf_submit(event, 0);
    return NOT_PERMITTED;
}

static __always_inline int rule_process(struct task_struct* task, __u32 deed, __u32 number)
{
    return !is_own(task) || may_all() ? ALLOW : refuse(deed, number);
}

static __always_inline int rule_name(struct dentry* dentry)
{
    return place_of(dentry) != PLACE_GUARDED || may_all() ? ALLOW : refuse(SELF_FILE, 0);
}

SEC("lsm/task_kill")
int BPF_PROG(on_kill, struct task_struct* target, void* info, int number)
{
    if (number == 0 || number == SIGNAL_CONT)
        return ALLOW;
    if (ends_for_anybody && (number == SIGNAL_TERM || number == SIGNAL_INT))
        return ALLOW;
    return rule_process(target, SELF_SIGNAL, number);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(on_trace, struct task_struct* target, unsigned int mode)
{
    return mode & TRACE_TO_ATTACH ? rule_process(target, SELF_TRACE, 0) : ALLOW;
}

SEC("lsm/task_setrlimit")
int BPF_PROG(on_limit, struct task_struct* target)
{
    return rule_process(target, SELF_LIMIT, 0);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(on_schedule, struct task_struct* target)
{
    return rule_process(target, SELF_LIMIT, 0);
}

SEC("lsm/task_setnice")
int BPF_PROG(on_nice, struct task_struct* target)
{
    return rule_process(target, SELF_LIMIT, 0);
}

/* A new descriptor of a map, by its id or its name in a bpffs. */
SEC("lsm/bpf_map")
int BPF_PROG(on_table, struct bpf_map* map, unsigned int mode)
{
    __u32 id = BPF_CORE_READ(map, id);
    if (!(mode & FOR_WRITING) || !bpf_map_lookup_elem(&own_tables, &id) || may_all())
        return ALLOW;
    return refuse(SELF_TABLE, 0);
}

SEC("lsm/file_open")
int BPF_PROG(on_open, struct file* file)
{
    if (!(file->f_mode & FOR_WRITING) && !(file->f_flags & TRUNCATES))
        return ALLOW;
    return rule_name(file->f_path.dentry);
}

/* What is mounted over a directory takes its place. With these flags nothing is: a sandbox gives each mount that there is
 * other flags in a namespace of its own, and a service that was refused that would not start. */
SEC("lsm/sb_mount")
int BPF_PROG(on_mount, char const* device, struct path* path, char const* type, unsigned long flags)
{
    unsigned long const kind = flags & (REMOUNTS | BINDS);
    if (kind == (REMOUNTS | BINDS) || (kind == 0 && (flags & PROPAGATES)))
        return ALLOW;
    return rule_name(path->dentry);
}

SEC("lsm/move_mount")
int BPF_PROG(on_move_mount, struct path* from, struct path* to)
{
    return rule_name(to->dentry);
}
