/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/kernel_types.h -- the few fields of kernel structs that our programs read.
 *
 * Only names and types count: where a field lies is relocated when the program is loaded (CO-RE),
 * from the BTF of the running kernel. So no vmlinux.h is needed, and a build in a container or on
 * a machine with another kernel gives the same object.
 */
#ifndef TOCSIN_BPF_KERNEL_TYPES_H
#define TOCSIN_BPF_KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
    int counter;
} atomic_t;

typedef struct {
    unsigned int val;
} kuid_t;

struct cred {
    kuid_t euid;
};

struct upid {
    int nr;
};

struct pid {
    struct upid numbers[1]; /* [0]: in the initial pid namespace */
};

enum { PIDTYPE_SID = 3 };

struct signal_struct {
    atomic_t live; /* threads that have not begun to exit */
    struct pid* pids[4];
};

struct qstr {
    unsigned char const* name;
};

struct timespec64 {
    __s64 tv_sec;
    long tv_nsec;
};

struct inode {
    unsigned short i_mode;
    __s64 i_size;
    atomic_t i_writecount;
};

/* Where its time of change is, by kernels. */
struct inode___before_6_7 {
    struct timespec64 i_mtime;
};
struct inode___before_6_11 {
    struct timespec64 __i_mtime;
};
struct inode___since_6_11 {
    __s64 i_mtime_sec;
    unsigned int i_mtime_nsec;
};

struct iattr {
    unsigned int ia_valid;
    __s64 ia_size;
};

struct super_block {
    struct dentry* s_root;
};

struct dentry {
    struct dentry* d_parent;
    struct qstr d_name;
    struct inode* d_inode;
    struct super_block* d_sb;
};

struct vfsmount {
    struct dentry* mnt_root;
};

struct mount {
    struct mount* mnt_parent;
    struct dentry* mnt_mountpoint;
    struct vfsmount mnt;
};

struct path {
    struct vfsmount* mnt;
    struct dentry* dentry;
};

struct file {
    struct path f_path;
    struct inode* f_inode;
    unsigned int f_flags;
    unsigned int f_mode;
};

struct bpf_map {
    __u32 id;
};

struct mm_struct {
    unsigned long arg_start;
    unsigned long arg_end;
    struct file* exe_file;
};

struct kernfs_node {
    __u64 id;
};

struct cgroup {
    struct kernfs_node* kn;
};

struct css_set {
    struct cgroup* dfl_cgrp;
};

struct task_struct {
    unsigned int flags;
    unsigned int __state; /* since 5.14 */
    int exit_state;
    struct mm_struct* mm;
    int pid;
    int tgid;
    struct task_struct* real_parent;
    struct task_struct* group_leader;
    __u64 start_boottime;
    const struct cred* cred;
    char comm[16];
    struct signal_struct* signal;
    struct css_set* cgroups;
};

enum { PF_KTHREAD = 0x00200000 };

struct seq_file;

struct bpf_iter_meta {
    struct seq_file* seq;
};

struct bpf_iter__task {
    struct bpf_iter_meta* meta;
    struct task_struct* task;
};

#pragma clang attribute pop

#endif
