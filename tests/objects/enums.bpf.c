/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests/test_object.c: CO-RE relocations that ask for values of enumerations, for a type's number and its
 * likeness. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

enum other {
	OTHER_VALUE = 7,
};

/* The number of bpf_strtol; 1000 more if the kernel has bpf_set_retval (5.18), 2000 if it has bpf_loop
 * (5.17). */
SEC("cgroup/getsockopt")
int helpers(struct bpf_sockopt *ctx)
{
	int n = bpf_core_enum_value(enum bpf_func_id, BPF_FUNC_strtol);

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_set_retval))
		n += 1000;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		n += 2000;
	ctx->optlen = n;
	return 1;
}

SEC("cgroup/getsockopt")
int helper_absent(struct bpf_sockopt *ctx)
{
	ctx->optlen = bpf_core_enum_value(enum bpf_func_id, BPF_FUNC_loop);
	return 1;
}

SEC("cgroup/getsockopt")
int other_enum(struct bpf_sockopt *ctx)
{
	return bpf_core_enum_value(enum other, OTHER_VALUE) == 7;
}

SEC("cgroup/getsockopt")
int number(struct bpf_sockopt *ctx)
{
	return bpf_core_type_id_kernel(struct bpf_sockopt) != 0;
}
