/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an object may hold beside the plain things, for tests/test_object.c: kernel configuration, CO-RE, a
 * map of maps with a value, a map of programs, an address of a function, subprograms that call each other,
 * section names with a
 * '?' and of another kind of program. It loads, but for the two programs that ask a kernel for what none has.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))

/* In an order of their own, so that a relocation changes something. */
struct bpf_sockopt___mine {
	int optname, level;
	long gone; /* no kernel has it */
} CORE;

struct bpf_sock___wide {
	__u32 dst_port;	      /* since Linux 5.18 two bytes */
	int rx_queue_mapping; /* since Linux 5.8 */
	__u32 src_ip6[4];
} CORE;

struct sock___kernel {
	int sk_mark;
} CORE;

char LICENSE[] SEC("license") = "Dual MIT/GPL";

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_HOOKDIFF_WEAK __kconfig __weak;
extern void hookdiff_kfunc(void) __ksym __weak;

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, __u64);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &inner_one, [2] = &inner_two}};

int tail(struct bpf_sockopt *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(int));
	__array(values, int(struct bpf_sockopt *));
} progs SEC(".maps") = {.values = {[0] = &tail}};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps");

int in_data = 0x12345607;
int in_bss;
static volatile const int numbers[4] = {1, 2, 3, 0x44000004};

static int callback(void *map, void *key, void *value, void *arg)
{
	return 0;
}

__attribute__((noinline)) int second(int x)
{
	return x * in_data + "abcdefg"[x & 7] + numbers[x & 3];
}

static __attribute__((noinline)) int first(int x)
{
	return second(x) + LINUX_KERNEL_VERSION + (CONFIG_HOOKDIFF_WEAK ? 1 : 0);
}

SEC("cgroup/getsockopt")
int every(struct bpf_sockopt *ctx)
{
	int k = 0;

	bpf_for_each_map_elem(&inner_one, callback, &k, 0);
	if (bpf_map_lookup_elem(&outer, &k))
		in_bss++;
	bpf_tail_call(ctx, &progs, 0);
	bpf_ringbuf_output(&events, &k, sizeof(k), 0);
	return (first(ctx->level) + second(ctx->optname)) & 1;
}

SEC("cgroup/getsockopt")
int tail(struct bpf_sockopt *ctx)
{
	return second(ctx->optlen) & 1;
}

SEC("cgroup/setsockopt")
int core(struct bpf_sockopt *ctx)
{
	struct bpf_sockopt___mine *mine = (void *)ctx;
	struct bpf_sock___wide *sk = (void *)ctx->sk;
	int sum = mine->level;

	if (bpf_core_field_exists(mine->gone))
		sum += mine->gone;
	if (bpf_core_field_exists(sk->rx_queue_mapping))
		sum += sk->rx_queue_mapping;
	return (sum + sk->dst_port + sk->src_ip6[2] + bpf_core_type_size(struct bpf_sock___wide)) & 1;
}

SEC("?cgroup/getsockopt")
int kernel_type(struct bpf_sockopt *ctx)
{
	return ((struct sock___kernel *)(void *)ctx->sk)->sk_mark;
}

SEC("?cgroup/getsockopt")
int kernel_function(struct bpf_sockopt *ctx)
{
	hookdiff_kfunc();
	return 1;
}

SEC("socket")
int other(struct __sk_buff *skb)
{
	return 0;
}
