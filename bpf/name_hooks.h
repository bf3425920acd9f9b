/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/name_hooks.h -- every question of the kernel about a change of a name or of attributes, put to rule_name().
 *
 * The program that includes this says what rule_name() answers: ALLOW or NOT_PERMITTED.
 * The hooks are those of inodes, not of paths: also the kernel's servers and overlays pass them.
 */
#ifndef TOCSIN_BPF_NAME_HOOKS_H
#define TOCSIN_BPF_NAME_HOOKS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_tracing.h>

#include "kernel_types.h"

enum { ALLOW = 0, NOT_PERMITTED = -1 /* EPERM */ };

__u64 questions = 0; /* about attributes: from which the guard sees that the kernel asks at all */

static __always_inline int rule_name(struct dentry* dentry);

/* Both ends of a rename, and of a link. */
static __always_inline int rule_both(struct dentry* one, struct dentry* other)
{
    int ruling = rule_name(one);
    return ruling == ALLOW ? rule_name(other) : ruling;
}

static __always_inline int rule_attributes(struct dentry* dentry)
{
    __sync_fetch_and_add(&questions, 1);
    return rule_name(dentry);
}

SEC("lsm/inode_unlink")
int BPF_PROG(on_unlink, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(on_rmdir, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_rename")
int BPF_PROG(on_rename, struct inode* dir, struct dentry* dentry, struct inode* to, struct dentry* becomes)
{
    return rule_both(dentry, becomes);
}

/* Also of a name outside, by which the file could be written to. */
SEC("lsm/inode_link")
int BPF_PROG(on_link, struct dentry* dentry, struct inode* dir, struct dentry* becomes)
{
    return rule_both(dentry, becomes);
}

SEC("lsm/inode_create")
int BPF_PROG(on_create, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(on_mkdir, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_mknod")
int BPF_PROG(on_mknod, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_symlink")
int BPF_PROG(on_symlink, struct inode* dir, struct dentry* dentry)
{
    return rule_name(dentry);
}

/* chmod, chown, utimes, and truncate by path or descriptor. */
SEC("lsm/inode_setattr")
int BPF_PROG(on_setattr, void* idmap, struct dentry* dentry)
{
    return rule_attributes(dentry);
}

/* Of kernels before 6.9. */
SEC("lsm/inode_setattr")
int BPF_PROG(on_setattr_of_two, struct dentry* dentry, void* attributes)
{
    return rule_attributes(dentry);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(on_setxattr, void* idmap, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(on_removexattr, void* idmap, struct dentry* dentry)
{
    return rule_name(dentry);
}

/* Since 6.2; before, an access list is an extended attribute like others. */
SEC("lsm/inode_set_acl")
int BPF_PROG(on_set_acl, void* idmap, struct dentry* dentry)
{
    return rule_name(dentry);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(on_remove_acl, void* idmap, struct dentry* dentry)
{
    return rule_name(dentry);
}

#endif
