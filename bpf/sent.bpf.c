/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/sent.bpf.c -- counts what each process sends, and to whom, in a table that the guard empties.
 *
 * The tracepoint of what a send has taken, which send(2), write(2), sendfile(2), splice(2) and io_uring
 * all pass: streams (TCP, MPTCP, also above kTLS) and datagrams (UDP). To whom an unconnected
 * datagram goes only the call knows: the programs of the root cgroup note it at the socket, for
 * the tracepoint that follows in the same call.
 * A socket that connects is marked, one that was accepted as well: who has neither mark was
 * connected before the programs were there. For datagrams nobody connects: a socket that was bound
 * to a port serves, any other asks.
 * What stays on the host (loopback, and the host's own addresses) is not counted; but for datagrams that name
 * another own address than loopback's in each call: their route is not the socket's, and gone by then.
 * The least recently used line goes where the table is full.
 */
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "kernel_socket.h"
#include "kernel_types.h"
#include "sent_counter.h"

enum { ALLOW = 1 }; /* what a program of a cgroup answers */

char programs_license[] SEC("license") = "GPL";

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, SENT_COUNTERS_AT_MOST);
    __type(key, struct sent_key);
    __type(value, __u64);
} sent SEC(".maps");

struct socket_note {
    __u8 opened; /* enum sent_opened */
    __u8 has_peer; /* that was named with the datagram that is on its way */
    __u16 port;
    __u8 address[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct socket_note);
} notes SEC(".maps");

static __always_inline void set_ipv4(__u8* to, __u32 address)
{
    to[10] = 0xff;
    to[11] = 0xff;
    __builtin_memcpy(&to[12], &address, sizeof(address));
}

static __always_inline int is_mapped_ipv4(__u8 const* address)
{
    __u64 high;
    __u32 middle;
    __builtin_memcpy(&high, address, sizeof(high));
    __builtin_memcpy(&middle, address + 8, sizeof(middle));
    return high == 0 && middle == bpf_htonl(0x0000ffff);
}

/* 127.0.0.0/8, ::1, and the unspecified addresses, which mean this host. */
static __always_inline int is_this_host(__u8 const* address)
{
    __u64 high;
    __u64 low;
    __u32 last;
    __builtin_memcpy(&high, address, sizeof(high));
    __builtin_memcpy(&low, address + 8, sizeof(low));
    __builtin_memcpy(&last, address + 12, sizeof(last));
    if (is_mapped_ipv4(address))
        return address[12] == 127 || last == 0;
    return high == 0 && (low == 0 || low == bpf_cpu_to_be64(1));
}

/* A peer at an address of this host's own is reached over the loopback device. */
static __always_inline int stays_here(struct sock const* socket)
{
    struct dst_entry* route = BPF_CORE_READ(socket, sk_dst_cache);
    return route && BPF_CORE_READ(route, dev, flags) & IFF_LOOPBACK;
}

static __always_inline void set_peer(struct sent_key* key, struct sock const* socket)
{
    key->port = bpf_ntohs(BPF_CORE_READ(socket, __sk_common.skc_dport));
    if (BPF_CORE_READ(socket, __sk_common.skc_family) == AF_INET)
        set_ipv4(key->address, BPF_CORE_READ(socket, __sk_common.skc_daddr));
    else
        BPF_CORE_READ_INTO(&key->address, socket, __sk_common.skc_v6_daddr);
}

static __always_inline void count(struct sent_key* key, __u64 bytes)
{
    struct task_struct* task = (void*)bpf_get_current_task();
    __u64* counted;

    if (is_this_host(key->address))
        return;
    key->pid = BPF_CORE_READ(task, tgid);
    key->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
    counted = bpf_map_lookup_elem(&sent, key);
    if (counted) {
        __sync_fetch_and_add(counted, bytes);
        return;
    }
    if (bpf_map_update_elem(&sent, key, &bytes, BPF_NOEXIST) == 0)
        return;
    counted = bpf_map_lookup_elem(&sent, key); /* another thread was first */
    if (counted)
        __sync_fetch_and_add(counted, bytes);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock* socket, int before, int now)
{
    struct socket_note* note;

    if (now != TCP_SYN_SENT && now != TCP_ESTABLISHED)
        return 0;
    note = bpf_sk_storage_get(&notes, socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (!note)
        return 0;
    if (now == TCP_SYN_SENT || before == TCP_SYN_SENT)
        note->opened = SENT_OPENED_BY_US;
    else
        note->opened = SENT_ACCEPTED;
    return 0;
}

SEC("cgroup/sendmsg4")
int on_datagram_to(struct bpf_sock_addr* context)
{
    struct socket_note* note = bpf_sk_storage_get(&notes, context->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (!note)
        return ALLOW;
    __builtin_memset(note->address, 0, sizeof(note->address));
    set_ipv4(note->address, context->user_ip4);
    note->port = bpf_ntohs(context->user_port);
    note->has_peer = 1;
    return ALLOW;
}

SEC("cgroup/sendmsg6")
int on_datagram_to6(struct bpf_sock_addr* context)
{
    struct socket_note* note = bpf_sk_storage_get(&notes, context->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    __u32 const words[4] = {
        context->user_ip6[0], context->user_ip6[1], context->user_ip6[2], context->user_ip6[3]};
    if (!note)
        return ALLOW;
    __builtin_memcpy(note->address, words, sizeof(note->address));
    note->port = bpf_ntohs(context->user_port);
    note->has_peer = 1;
    return ALLOW;
}

static __always_inline int is_datagram_of_ours(struct sock const* socket)
{
    return BPF_CORE_READ(socket, sk_type) == SOCK_DGRAM && BPF_CORE_READ(socket, sk_protocol) == IPPROTO_UDP;
}

/* Whether it is one that counts. */
static __always_inline int fill_datagram(
    struct sent_key* key, struct sock const* socket, struct socket_note* note)
{
    key->protocol = IPPROTO_UDP;
    key->opened = BPF_CORE_READ_BITFIELD_PROBED(socket, sk_userlocks) & SOCK_BINDPORT_LOCK
        ? SENT_ACCEPTED
        : SENT_OPENED_BY_US;
    if (!note || !note->has_peer) {
        set_peer(key, socket);
        return !stays_here(socket);
    }
    note->has_peer = 0;
    key->port = note->port;
    __builtin_memcpy(key->address, note->address, sizeof(key->address));
    return 1;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_sent, struct sock* socket, int bytes, int flags)
{
    struct sent_key key = {};
    struct socket_note* note;
    __u16 const family = BPF_CORE_READ(socket, __sk_common.skc_family);

    if (family != AF_INET && family != AF_INET6)
        return 0;
    note = bpf_sk_storage_get(&notes, socket, 0, 0);
    if (is_datagram_of_ours(socket)) {
        if (!fill_datagram(&key, socket, note))
            return 0;
    } else if (BPF_CORE_READ(socket, sk_type) == SOCK_STREAM && !stays_here(socket)) {
        key.opened = note ? note->opened : SENT_OPENED_BEFORE;
        key.protocol = IPPROTO_TCP;
        set_peer(&key, socket);
    } else {
        return 0;
    }
    if (bytes > 0)
        count(&key, bytes);
    return 0;
}
