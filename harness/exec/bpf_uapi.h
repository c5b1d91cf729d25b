/* SPDX-License-Identifier: MIT */
/*
 * The parts of the bpf(2) ABI that hookdiff speaks without libbpf: raw calls with our own attribute structs,
 * so that a flag or a field newer than the installed headers can be used, and a kernel older than the headers
 * is asked for nothing that it does not know. Every function returns 0 (or an fd) or -errno.
 */
#ifndef BPF_UAPI_H
#define BPF_UAPI_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Commands and flags by number: they are ABI, and the names come and go with the headers. */
enum {
	HD_BPF_PROG_LOAD = 5,
	HD_BPF_PROG_ATTACH = 8,
	HD_BPF_PROG_DETACH = 9,
	HD_BPF_PROG_GET_FD_BY_ID = 13,
	HD_BPF_OBJ_GET_INFO_BY_FD = 15,
	HD_BPF_PROG_QUERY = 16,
	HD_BPF_LINK_CREATE = 28, /* 5.7 */
	HD_BPF_LINK_UPDATE = 29, /* 5.7 */
	HD_BPF_LINK_DETACH = 34, /* 5.9 */
};

enum { /* attach flags */
       HD_F_ALLOW_OVERRIDE = 1 << 0,
       HD_F_ALLOW_MULTI = 1 << 1,
       HD_F_REPLACE = 1 << 2,  /* 5.6 */
       HD_F_BEFORE = 1 << 3,   /* on cgroups: 6.17 */
       HD_F_AFTER = 1 << 4,    /* on cgroups: 6.17 */
       HD_F_ID = 1 << 5,       /* on cgroups: 6.17 */
       HD_F_PREORDER = 1 << 6, /* 6.15 */
       HD_F_LINK = 1 << 13,    /* on cgroups: 6.17 */
};

enum { HD_QUERY_EFFECTIVE = 1 << 0 };

enum { /* enum bpf_attach_type */
       HD_CGROUP_GETSOCKOPT = 21,
       HD_CGROUP_SETSOCKOPT = 22,
};

enum { HD_PROG_TYPE_CGROUP_SOCKOPT = 25 };

/* BPF_PROG_LOAD up to the fields of 5.3 */
struct hd_attr_load {
	uint32_t prog_type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, prog_flags;
	char prog_name[16];
	uint32_t prog_ifindex, expected_attach_type;
};

/* BPF_PROG_ATTACH, BPF_PROG_DETACH; the last two fields are 6.17's */
struct hd_attr_attach {
	uint32_t target_fd, prog_fd, attach_type, attach_flags, replace_prog_fd;
	uint32_t relative_fd;
	uint64_t expected_revision;
};

/* BPF_PROG_QUERY; the fields from prog_attach_flags on are 6.0's and later */
struct hd_attr_query {
	uint32_t target_fd, attach_type, query_flags, attach_flags;
	uint64_t prog_ids;
	uint32_t prog_cnt, pad;
	uint64_t prog_attach_flags;
	uint64_t link_ids, link_attach_flags;
	uint64_t revision;
};

/* BPF_LINK_CREATE on a cgroup; the last two fields are 6.17's */
struct hd_attr_link {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint32_t relative_fd, pad;
	uint64_t expected_revision;
};

/* BPF_LINK_UPDATE */
struct hd_attr_link_update {
	uint32_t link_fd, new_prog_fd, flags, old_prog_fd;
};

static inline int hd_bpf(int cmd, void *attr, unsigned size)
{
	long ret = syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

/* Only the oldest fields are passed: an old kernel refuses a longer attr only if the tail is not zero. */
static inline int hd_prog_attach(int cgroup, int prog, unsigned type, unsigned flags)
{
	struct hd_attr_attach a = {
		.target_fd = cgroup, .prog_fd = prog, .attach_type = type, .attach_flags = flags};

	return hd_bpf(HD_BPF_PROG_ATTACH, &a, sizeof(a));
}

static inline int hd_prog_detach(int cgroup, int prog, unsigned type)
{
	struct hd_attr_attach a = {.target_fd = cgroup, .prog_fd = prog, .attach_type = type};

	return hd_bpf(HD_BPF_PROG_DETACH, &a, sizeof(a));
}

static inline int hd_link_create(int cgroup, int prog, unsigned type, unsigned flags)
{
	struct hd_attr_link a = {.prog_fd = prog, .target_fd = cgroup, .attach_type = type, .flags = flags};

	return hd_bpf(HD_BPF_LINK_CREATE, &a, sizeof(a));
}

/* Puts another program in the link's place. Never one of the other hook: kernels take it, some crash later.
 */
static inline int hd_link_update(int link, int prog)
{
	struct hd_attr_link_update a = {.link_fd = link, .new_prog_fd = prog};

	return hd_bpf(HD_BPF_LINK_UPDATE, &a, sizeof(a));
}

/* Fills ids[] with at most *cnt program ids and sets *cnt to how many there are. -ENOSPC: ids[] is a prefix.
 */
static inline int hd_prog_query(int cgroup, unsigned type, unsigned query_flags, uint32_t *ids, uint32_t *cnt)
{
	struct hd_attr_query a = {
		.target_fd = cgroup,
		.attach_type = type,
		.query_flags = query_flags,
		.prog_ids = (uintptr_t)ids,
		.prog_cnt = *cnt,
	};
	int ret = hd_bpf(HD_BPF_PROG_QUERY, &a, sizeof(a));

	*cnt = a.prog_cnt;
	return ret;
}

static inline unsigned hd_attach_type(unsigned hook)
{
	return HD_CGROUP_GETSOCKOPT + hook; /* enum hook has the kernel's order */
}

/* insns: n struct bpf_insn. The fd of the program. */
static inline int hd_prog_load_sockopt(unsigned hook, const void *insns, unsigned n)
{
	struct hd_attr_load a = {.prog_type = HD_PROG_TYPE_CGROUP_SOCKOPT,
				 .insn_cnt = n,
				 .insns = (uintptr_t)insns,
				 .license = (uintptr_t) "GPL",
				 .prog_name = "hd_dummy",
				 .expected_attach_type = hd_attach_type(hook)};

	return hd_bpf(HD_BPF_PROG_LOAD, &a, sizeof(a));
}

#endif
