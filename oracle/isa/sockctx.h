/* SPDX-License-Identifier: MIT */
/*
 * The context of a sockopt program, struct bpf_sockopt, and which of its fields a program may read and write
 * on which hook: a table, field for field what the kernel's verifier allows
 * (kernel/bpf/cgroup.c cg_sockopt_is_valid_access). Nothing of the rules changed from 5.3 to 7.3 but one: a
 * store of an immediate (BPF_ST) into the context is taken since 6.4.
 */
#ifndef ISA_SOCKCTX_H
#define ISA_SOCKCTX_H

#include <stdbool.h>
#include <stdint.h>

#include "insn.h"

enum isa_hook { ISA_GETSOCKOPT, ISA_SETSOCKOPT };

#define ISA_CTX_SIZE	 40		  /* sizeof(struct bpf_sockopt) */
#define ISA_CTX_ST_SINCE ISA_KERNEL(6, 4) /* "bpf: allow ctx writes using BPF_ST_MEM instruction" */

/* Fields that were stored to, also if with the value that they had. */
enum isa_wrote { ISA_WROTE_ARGS = 1, ISA_WROTE_OPTLEN = 2, ISA_WROTE_RETVAL = 4 };

/* The values, as the hook hands them from program to program. */
struct isa_sockopt {
	enum isa_hook hook;
	int32_t level, optname, optlen, retval; /* retval: also what bpf_get_retval and bpf_set_retval use */
	uint8_t *optval;			/* the window, borrowed; may be NULL if it has no bytes */
	uint32_t window;			/* its size: optval_end - optval */
	uint8_t wrote;				/* enum isa_wrote: what programs wrote, for the caller */
	uint64_t socket;			/* number of the socket: the key of sk_storage */
	uint64_t cgroup; /* number of the cgroup that the program is attached to: the key of cgroup storage */
};

enum isa_access { ACCESS_NONE, ACCESS_READ, ACCESS_BOTH };

struct isa_ctx_row {
	const char *name;
	uint8_t off, size;
	uint8_t access[2]; /* enum isa_access, by enum isa_hook */
	const char *source;
};

extern const struct isa_ctx_row isa_ctx_rows[];
extern const unsigned isa_ctx_n_rows;

/* The row that allows an access, or NULL with a sentence in *why. */
const struct isa_ctx_row *isa_ctx_access(enum isa_hook hook, uint64_t off, unsigned width, bool write,
					 const char **why);

/* The access itself; an isa_field_fn (mem.h) whose owner is a struct isa_sockopt. */
const char *isa_ctx_field(void *ctx, uint64_t off, unsigned width, bool write, uint64_t *value);

/*
 * struct bpf_sock and struct bpf_tcp_sock: which reads are allowed (net/core/filter.c
 * bpf_sock_is_valid_access and bpf_tcp_sock_is_valid_access). Nothing can be written. NULL: allowed.
 */
#define ISA_SOCK_SIZE	  80
#define ISA_TCP_SOCK_SIZE 112
const char *isa_sock_access(uint64_t off, unsigned width, bool write);
const char *isa_tcp_sock_access(uint64_t off, unsigned width, bool write);

#endif
