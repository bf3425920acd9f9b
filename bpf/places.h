/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/places.h -- whether a name lies below a directory that the guard has marked.
 *
 * The mark is a value that hangs on the directory's inode, which the guard keeps in memory by a
 * descriptor: so no path and no device number is compared, and whatever mount, namespace or name
 * leads there, it is the same directory.
 */
#ifndef TOCSIN_BPF_PLACES_H
#define TOCSIN_BPF_PLACES_H

#include <bpf/bpf_helpers.h>

#include "kernel_types.h"
#include "places_mark.h"

enum { PLACE_DEPTH = 64 };

struct {
    __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u32);
} places SEC(".maps");

/* Of the nearest marked directory at or above `dentry`. One that is left open is itself as what is around it. */
static __always_inline __u32 place_of(struct dentry* dentry)
{
    for (int i = 0; i < PLACE_DEPTH; ++i) {
        __u32* mark = bpf_inode_storage_get(&places, dentry->d_inode, 0, 0);
        if (mark && !(i == 0 && *mark == PLACE_LEFT_OPEN))
            return *mark;
        struct dentry* parent = dentry->d_parent;
        if (parent == dentry)
            return dentry == dentry->d_sb->s_root ? PLACE_UNMARKED : PLACE_UNKNOWN;
        dentry = parent;
    }
    return PLACE_UNKNOWN;
}

#endif
