/* SPDX-License-Identifier: MIT */
/*
 * Runs one program on one context: the whole of RFC 9669, every access checked against the regions of mem.h,
 * a budget of instructions, a fault with instruction and registers instead of an effect that the kernel's
 * verifier would have refused. Read first: insn.h, mem.h, sockctx.h; what programs can call is in helpers.h.
 *
 *	struct isa_code *code = isa_code_new(insn, n, &problem);
 *	struct isa_vm *vm = isa_vm_new(&maps, NULL);
 *	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT, .level = ..., .optval = bytes, .window = 16};
 *	if (isa_run(vm, code, &ctx, &r0) != ISA_ENDED)
 *		isa_fault_print(&out, vm, NULL, NULL);
 */
#ifndef ISA_INTERP_H
#define ISA_INTERP_H

#include "harness/base/buf.h"
#include "check.h"
#include "maps.h"
#include "sockctx.h"

#define ISA_BUDGET     1000000 /* instructions of one run: what the verifier looks at, at most */
#define ISA_TAIL_CALLS 33      /* MAX_TAIL_CALL_CNT */

/* A program, checked and decoded. */
struct isa_code;

/* NULL with *p filled if the program is refused (check.h). insn is copied. */
struct isa_code *isa_code_new(const struct bpf_insn *insn, size_t n, struct isa_problem *p);
void isa_code_free(struct isa_code *code);
const struct bpf_insn *isa_code_insns(const struct isa_code *code, size_t *n);
/* The first kernel that can load it, by instructions and helpers (ISA_KERNEL()), and which one asks for it;
 * ISA_NEVER if a helper is not allowed for the hook at all. */
#define ISA_NEVER UINT32_MAX
unsigned isa_code_since(const struct isa_code *code, enum isa_hook hook, size_t *at);

/* The world outside of the program. Any function may be NULL: then what the comment says. */
struct isa_host {
	void *owner;			  /* handed to every function */
	uint64_t (*ktime)(void *owner);	  /* ns; 1 s, and 1 us more for each question */
	uint32_t (*prandom)(void *owner); /* a fixed sequence */
	uint64_t pid_tgid, uid_gid;	  /* as the helpers return them */
	char comm[16];			  /* */
	uint64_t netns_cookie;
	/* the number of the cgroup `level` steps below the root, -1: the task's own; the context's cgroup */
	uint64_t (*cgroup_id)(void *owner, int level);
	/* bpf_getsockopt and bpf_setsockopt: a result of the kernel; -EINVAL. value has n bytes */
	int (*getsockopt)(void *owner, uint64_t socket, int level, int optname, void *value, int n);
	int (*setsockopt)(void *owner, uint64_t socket, int level, int optname, const void *value, int n);
	/* a field of struct bpf_sock or bpf_tcp_sock; all of them are 0 */
	uint64_t (*sock)(void *owner, uint64_t socket, unsigned off, unsigned width);
	uint64_t (*tcp_sock)(void *owner, uint64_t socket, unsigned off, unsigned width);
	bool is_tcp; /* does bpf_tcp_sock find something */
	/* trace_printk, and records of ring and perf buffers; dropped */
	void (*trace)(void *owner, const char *text, size_t n);
	void (*output)(void *owner, unsigned map, const void *data, size_t n);
};

enum isa_end { ISA_ENDED, ISA_FAULT, ISA_BUDGET_SPENT };

enum isa_fault_kind {
	FAULT_NONE,
	FAULT_MEMORY,	/* an access out of a region, or of a kind that is not allowed there */
	FAULT_CALL,	/* a helper that this type may not call, or whose arguments are wrong */
	FAULT_NO_MODEL, /* nothing is wrong with the program, but this is not modelled */
	FAULT_DEPTH,	/* more than 8 frames */
	FAULT_LEAK,	/* a record or a lock is still held at the end */
	FAULT_BUDGET,
};

struct isa_fault {
	enum isa_fault_kind kind;
	const struct isa_code *code; /* borrowed: where insn counts */
	size_t insn;
	uint64_t reg[11];
	unsigned depth;		   /* frames below this one */
	size_t caller[ISA_FRAMES]; /* the calls that lead here, outermost first */
	char text[240];		   /* one sentence */
};

struct isa_vm;

/* maps and host (NULL: a host of zeros) are borrowed and outlive the machine. Maps added later are not seen.
 * NULL: out of memory. */
struct isa_vm *isa_vm_new(struct isa_maps *maps, const struct isa_host *host);
void isa_vm_free(struct isa_vm *vm);
/* How many instructions a run may take. */
void isa_vm_budget(struct isa_vm *vm, uint64_t budget);
/* The programs that program arrays name by number; borrowed. */
void isa_vm_programs(struct isa_vm *vm, const struct isa_code *const *program, unsigned n);
/* Refuses helpers that kernel (ISA_KERNEL()) does not have yet; 0: all are there. */
void isa_vm_kernel(struct isa_vm *vm, unsigned kernel);

/* Runs code on *ctx, which it may change. r0 is what the program returned, if ISA_ENDED. */
enum isa_end isa_run(struct isa_vm *vm, const struct isa_code *code, struct isa_sockopt *ctx, uint64_t *r0);
/* The fault of the last run; kind FAULT_NONE if there was none. */
const struct isa_fault *isa_vm_fault(const struct isa_vm *vm);
/* How many instructions the last run took. */
uint64_t isa_vm_executed(const struct isa_vm *vm);

/* Where an instruction comes from; false: not known. */
struct isa_source {
	const char *file, *text;
	int line;
};
typedef bool isa_source_fn(void *owner, size_t insn, struct isa_source *s);

/* The sentence, the instruction and its source line, the calls that lead to it, the registers. source may be
 * NULL. */
void isa_fault_print(struct buf *out, const struct isa_vm *vm, isa_source_fn *source, void *owner);

#endif
