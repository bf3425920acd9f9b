/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/truncation.bpf.c -- no truncation by path takes what a close has left before it is kept.
 *
 * truncate(2) opens nothing, so that fanotify asks nobody before Linux 6.14. What a file was when
 * the guard last kept it hangs on its inode from the first open for writing on, which waits until
 * it is kept. A truncation of something else is refused with EINTR, as by a signal: it may succeed
 * the next moment, and after a bound it does in any case.
 * Left alone are truncations by descriptor, and of a file that others have open for writing: there
 * nobody has closed it yet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "places.h"
#include "truncation.h"

char programs_license[] SEC("license") = "GPL";

enum { ALLOW = 0, INTERRUPTED = -4 /* EINTR */ };
enum { FOR_WRITING = 2 }; /* FMODE_WRITE */
enum { TYPE_OF_FILE = 0170000, REGULAR = 0100000 };
enum { SETS_SIZE = 1 << 3, SETS_MTIME = 1 << 8, BY_DESCRIPTOR = 1 << 13 }; /* ATTR_* */

#define NS_PER_S 1000000000LL
#define REFUSED_AT_MOST_NS (2 * NS_PER_S)

struct {
    __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct kept);
} kept_as SEC(".maps");

__u64 refusals = 0;
__u64 let_go = 0; /* at the bound */
__u64 untold = 0; /* opens without memory to note them */
__u64 questions = 0; /* from which the guard sees that the kernel asks at all */
__u8 refuses = 1; /* 0: nothing is kept at present, so that nobody is to wait for it */

static __always_inline __s64 mtime_of(struct inode* inode)
{
    struct inode___before_6_7* old = (void*)inode;
    struct inode___before_6_11* between = (void*)inode;
    struct inode___since_6_11* now = (void*)inode;
    if (bpf_core_field_exists(now->i_mtime_sec))
        return BPF_CORE_READ(now, i_mtime_sec) * NS_PER_S + BPF_CORE_READ(now, i_mtime_nsec);
    if (bpf_core_field_exists(between->__i_mtime))
        return BPF_CORE_READ(between, __i_mtime.tv_sec) * NS_PER_S
            + BPF_CORE_READ(between, __i_mtime.tv_nsec);
    return BPF_CORE_READ(old, i_mtime.tv_sec) * NS_PER_S + BPF_CORE_READ(old, i_mtime.tv_nsec);
}

static __always_inline int is_kept(struct kept* kept, struct inode* inode)
{
    return kept->is_left_out
        || (!kept->has_set_time && kept->size == (__u64)inode->i_size && kept->mtime_ns == mtime_of(inode));
}

static __always_inline int rule(struct dentry* dentry, struct iattr* attributes)
{
    __u32 sets = attributes->ia_valid;
    struct inode* inode = dentry->d_inode;

    __sync_fetch_and_add(&questions, 1);
    if (!(sets & (SETS_SIZE | SETS_MTIME)) || (sets & BY_DESCRIPTOR))
        return ALLOW;
    struct kept* kept = bpf_inode_storage_get(&kept_as, inode, 0, 0);
    if (!kept)
        return ALLOW; /* not opened for writing since the guard began, or long ago */
    if (!(sets & SETS_SIZE)) {
        kept->has_set_time = 1;
        return ALLOW;
    }
    /* One is the truncation's own. */
    if (attributes->ia_size >= inode->i_size || inode->i_writecount.counter > 1 || is_kept(kept, inode))
        return ALLOW;
    __u64 now = bpf_ktime_get_ns();
    if (!kept->refused_since_ns)
        kept->refused_since_ns = now;
    if (refuses && now - kept->refused_since_ns < REFUSED_AT_MOST_NS) {
        __sync_fetch_and_add(&refusals, 1);
        return INTERRUPTED;
    }
    kept->refused_since_ns = 0;
    __sync_fetch_and_add(&let_go, 1);
    return ALLOW;
}

SEC("lsm/file_open")
int BPF_PROG(on_open, struct file* file)
{
    struct inode* inode = file->f_inode;

    if (!(file->f_mode & FOR_WRITING) || (inode->i_mode & TYPE_OF_FILE) != REGULAR)
        return ALLOW;
    if (bpf_inode_storage_get(&kept_as, inode, 0, 0) || place_of(file->f_path.dentry) != PLACE_GUARDED)
        return ALLOW;
    /* What is there now is kept before the open goes on. */
    struct kept kept = {inode->i_size, mtime_of(inode), 0, 0, 0};
    if (!bpf_inode_storage_get(&kept_as, inode, &kept, BPF_LOCAL_STORAGE_GET_F_CREATE))
        __sync_fetch_and_add(&untold, 1);
    return ALLOW;
}

SEC("lsm/inode_setattr")
int BPF_PROG(on_setattr, void* idmap, struct dentry* dentry, struct iattr* attributes)
{
    return rule(dentry, attributes);
}

/* Of kernels before 6.9. */
SEC("lsm/inode_setattr")
int BPF_PROG(on_setattr_of_two, struct dentry* dentry, struct iattr* attributes)
{
    return rule(dentry, attributes);
}
