/* SPDX-License-Identifier: MIT */
/*
 * As much of the kernel's tools/testing/selftests/bpf/prog_tests/sockopt.c as its rows need, for repro.sh:
 * the struct by the names of its members, and what a row means. rows.inc, beside the output, is hookdiff's.
 * Arguments: none compiles only; a cgroup2 directory, without programs: runs every row there. Exit 1 if one
 * does not hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define I(c, d, s, o, i)                                                                                     \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define BPF_MOV64_REG(d, s)	   I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define BPF_MOV64_IMM(d, i)	   I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define BPF_ALU64_IMM(op, d, i)	   I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define BPF_ALU64_REG(op, d, s)	   I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define BPF_LDX_MEM(w, d, s, o)	   I(BPF_LDX | (w) | BPF_MEM, d, s, o, 0)
#define BPF_STX_MEM(w, d, s, o)	   I(BPF_STX | (w) | BPF_MEM, d, s, o, 0)
#define BPF_ST_MEM(w, d, o, i)	   I(BPF_ST | (w) | BPF_MEM, d, 0, o, i)
#define BPF_JMP_REG(op, d, s, o)   I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define BPF_JMP_IMM(op, d, i, o)   I(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define BPF_JMP32_IMM(op, d, i, o) I(6 /* BPF_JMP32 */ | (op) | BPF_K, d, 0, o, i)
#define BPF_JMP_A(o)		   I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define BPF_EMIT_CALL(f)	   I(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define BPF_EXIT_INSN()		   I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

enum error {
	OK,
	EOPNOTSUPP_GETSOCKOPT,
	EPERM_GETSOCKOPT,
	EFAULT_GETSOCKOPT,
	EPERM_SETSOCKOPT,
	EFAULT_SETSOCKOPT,
};

static const struct row {
	const char *descr;
	struct bpf_insn insns[64];
	enum bpf_attach_type attach_type, expected_attach_type;
	int set_optname, set_level;
	const char set_optval[64];
	socklen_t set_optlen;
	int get_optname, get_level;
	const char get_optval[64];
	socklen_t get_optlen, get_optlen_ret;
	enum error error;
} rows[] = {
#include "rows.inc"
};

static int load(const struct row *r)
{
	union bpf_attr a;
	unsigned n = 0;

	while (n < 64 && r->insns[n].code != (BPF_JMP | BPF_EXIT))
		n++;
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_SOCKOPT;
	a.insns = (uintptr_t)r->insns;
	a.insn_cnt = n + 1;
	a.license = (uintptr_t) "GPL";
	a.expected_attach_type = r->expected_attach_type;
	return (int)syscall(__NR_bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

static int attach(int cmd, int prog, int cgroup, const struct row *r)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.target_fd = (unsigned)cgroup;
	a.attach_bpf_fd = (unsigned)prog;
	a.attach_type = r->attach_type;
	return (int)syscall(__NR_bpf, cmd, &a, sizeof(a));
}

static enum error of(int is_get)
{
	if (errno == EPERM)
		return is_get ? EPERM_GETSOCKOPT : EPERM_SETSOCKOPT;
	if (errno == EFAULT)
		return is_get ? EFAULT_GETSOCKOPT : EFAULT_SETSOCKOPT;
	return errno == EOPNOTSUPP && is_get ? EOPNOTSUPP_GETSOCKOPT : OK;
}

/* NULL, or what does not hold. */
static const char *calls(const struct row *r, int fd)
{
	static char val[1 << 17];
	socklen_t len = r->get_optlen, want = r->get_optlen_ret ? r->get_optlen_ret : r->get_optlen;

	if (r->set_optlen && setsockopt(fd, r->set_level, r->set_optname, r->set_optval, r->set_optlen))
		return r->error != OK && r->error == of(0) ? NULL : "setsockopt";
	if (r->get_optlen) {
		memset(val, 0x77, sizeof(val)); /* the kernel's test gives memory that nobody has written */
		if (getsockopt(fd, r->get_level, r->get_optname, val, &len))
			return r->error != OK && r->error == of(1) ? NULL : "getsockopt";
		if (len != want)
			return "optlen";
		if (memcmp(val, r->get_optval, len))
			return "optval";
	}
	return r->error == OK ? NULL : "the error that did not come";
}

int main(int argc, char **argv)
{
	unsigned n = sizeof(rows) / sizeof(rows[0]), bad = 0;
	int cgroup = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	for (unsigned i = 0; cgroup >= 0 && i < n; i++) {
		int prog = load(&rows[i]), fd;
		const char *why = "loading";

		if (prog >= 0 && !attach(BPF_PROG_ATTACH, prog, cgroup, &rows[i])) {
			fd = socket(AF_INET, SOCK_STREAM, 0);
			why = calls(&rows[i], fd);
			close(fd);
			attach(BPF_PROG_DETACH, prog, cgroup, &rows[i]);
		}
		close(prog);
		if (why)
			printf("%s: %s\n", rows[i].descr, why);
		bad += why != NULL;
	}
	printf("%u rows, %u do not hold\n", n, bad);
	return bad || argc < 2 || cgroup < 0;
}
