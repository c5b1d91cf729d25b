/* SPDX-License-Identifier: MIT */
/*
 * The second way to say what the hooks allow: programs as BPF instructions, run by the interpreter of
 * oracle/isa inside the oracle's own pipeline (oracle.h struct oracle_engine). A byte_object is an object
 * made ready for one kernel; a byte_chain says which program stands at which place of a case's chain.
 *
 *	byte_object_open(&b, bytes, n, kernel, err, sizeof(err));
 *	byte_chain_init(&chain);
 *	byte_chain_put(&chain, HOOK_SET, id, &b, prog);
 *	oracle_use_engine(o, &chain.engine);
 *
 * A place without a program keeps the action list of the case.
 */
#ifndef BYTE_H
#define BYTE_H

#include "../isa/interp.h"
#include "../isa/object.h"
#include "../oracle.h"

struct byte_object {
	struct isa_object *object; /* owned, as is all of this */
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_code **code;	     /* by program; NULL: it cannot be run, and problem says why */
	struct isa_problem *problem; /* by program */
	bool stored;		     /* a program ran since the last reset: maps may hold something */
	struct isa_host host; /* what programs ask for outside of themselves: all 0, but for the socket */
	const struct tc_sock *sock; /* of the call that runs; NULL: nothing is known of it */
};

/*
 * Reads and decodes bytes[0..n) for a kernel (ISA_KERNEL()). 0, or -errno with a sentence in err and nothing
 * to free. Programs for other hooks, and those that cannot be answered for, have no code.
 */
int byte_object_open(struct byte_object *b, const void *bytes, size_t n, unsigned kernel, char *err,
		     size_t size);
/* The same from one program that is at hand: n instructions that use no map. Its number is 0. */
int byte_object_from(struct byte_object *b, const struct bpf_insn *insns, size_t n, unsigned kernel,
		     char *err, size_t size);
void byte_object_fini(struct byte_object *b);
/* Maps as a loader leaves them. */
void byte_object_reset(struct byte_object *b);

/* What one run of a program did. */
struct byte_run {
	const struct byte_object *object;
	uint32_t prog; /* index */
	const struct oracle_entry *before, *after;
	bool same_bytes; /* the window is as it was */
	int ret;	 /* 0 or 1, or ORACLE_LOST: a fault, or a result that no verifier takes */
	char text[240];	 /* ORACLE_LOST: why, one sentence */
};

struct byte_chain {
	struct oracle_engine engine;
	struct {
		struct byte_object *object; /* borrowed; NULL: an action list */
		uint32_t prog;
	} place[HOOK_COUNT][TC_MAX_PROGS];
	const struct tcase
		*tc;	  /* borrowed: its sockets are those that programs read the kind of; NULL: none */
	uint64_t sockets; /* added to the case's numbers of sockets: each case has sockets of its own */
	/* Called after each run of a program; may be NULL. */
	void (*ran)(void *owner, const struct byte_run *run);
	void *owner;
	uint8_t before[65536]; /* the window before a run */
};

void byte_chain_init(struct byte_chain *c);
/* id: level * TC_MAX_SLOTS + slot. The object is borrowed. */
void byte_chain_put(struct byte_chain *c, enum hook hook, unsigned id, struct byte_object *b, uint32_t prog);

#endif
