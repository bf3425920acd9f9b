/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/lineage_event.h -- what the lineage programs hand to the guard, one struct an event.
 *
 * Shared by the kernel side (C, clang -target bpf) and the guard (C++). Both are built from the
 * same tree, so there is no version in it. All numbers are in the machine's byte order.
 */
#ifndef TOCSIN_BPF_LINEAGE_EVENT_H
#define TOCSIN_BPF_LINEAGE_EVENT_H

#include <linux/types.h>

enum lineage_kind {
    LINEAGE_FORKED = 1,
    LINEAGE_EXECUTED = 2,
    LINEAGE_EXITED = 3,
};

enum {
    LINEAGE_ARGUMENT_BYTES = 256,
    LINEAGE_PATH_BYTES = 512, /* where the last component may begin */
    LINEAGE_NAME_BYTES = 256, /* one component with its NUL */
    LINEAGE_PATH_COMPONENTS = 32,
    LINEAGE_IS_KERNEL_THREAD = 1, /* a bit of `flags` */
    LINEAGE_PATH_IS_WHOLE = 2, /* a bit of `flags`: the components reach up to the root */
};

/* The whole of an EXITED event; what every event begins with. */
struct lineage_key {
    __u32 kind; /* enum lineage_kind */
    __s32 pid; /* of the process (tgid), in the initial pid namespace */
    __u64 start_ns; /* since boot, sleep counted */
};

struct lineage_event {
    struct lineage_key key;
    __u64 parent_start_ns;
    __u64 cgroup_id;
    __s32 parent_pid;
    __u32 uid; /* effective */
    __s32 session;
    __u32 flags;
    __u32 argument_bytes; /* used of `arguments` */
    __u32 path_bytes; /* used of `path` */
    char comm[16];
    char arguments[LINEAGE_ARGUMENT_BYTES]; /* argv, each with its NUL */
    /* The executable's path, last component first, each with its NUL: "true\0bin\0usr\0". */
    char path[LINEAGE_PATH_BYTES + LINEAGE_NAME_BYTES];
};

#endif
