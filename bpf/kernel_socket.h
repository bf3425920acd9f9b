/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/kernel_socket.h -- the few fields of the kernel's sockets that our programs read, as kernel_types.h. */
#ifndef TOCSIN_BPF_KERNEL_SOCKET_H
#define TOCSIN_BPF_KERNEL_SOCKET_H

#include <linux/in6.h>
#include <linux/types.h>

enum { AF_INET = 2, AF_INET6 = 10 };
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2 };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2 };
enum { IFF_LOOPBACK = 8 };
enum { SOCK_BINDPORT_LOCK = 8 }; /* bound to a port that was asked for */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device {
    unsigned int flags;
};

struct dst_entry {
    struct net_device* dev;
};

struct sock_common {
    __be32 skc_daddr;
    __be16 skc_dport;
    unsigned short skc_family;
    struct in6_addr skc_v6_daddr;
};

struct sock {
    struct sock_common __sk_common;
    struct dst_entry* sk_dst_cache;
    __u8 sk_userlocks : 4;
    __u16 sk_type;
    __u16 sk_protocol;
};

#pragma clang attribute pop

#endif
