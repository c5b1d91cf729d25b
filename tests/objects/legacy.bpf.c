/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As programs were written before libbpf 1.0: maps as struct bpf_map_def, section names with something
 * behind. For tests/test_object.c; nobody loads it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct map_def { /* struct bpf_map_def, which newer libbpf no longer declares, and what a loader of its own
		    added */
	unsigned type, key_size, value_size, max_entries, map_flags;
	unsigned id;
};

struct map_def first SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 16};
struct map_def second SEC("maps") = {.type = BPF_MAP_TYPE_ARRAY,
				     .key_size = 4,
				     .value_size = 32,
				     .max_entries = 2,
				     .map_flags = BPF_F_MMAPABLE,
				     .id = 9};

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/getsockopt/name")
int sloppy(struct bpf_sockopt *ctx)
{
	int k = 1;

	return bpf_map_lookup_elem(&second, &k) && bpf_map_lookup_elem(&first, &k);
}

SEC("setsockopt/prog")
int android(struct bpf_sockopt *ctx)
{
	return 1;
}
