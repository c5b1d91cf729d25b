/* SPDX-License-Identifier: MIT */
/*
 * What came of a call. `struct handler_result` is what the kernel's handler did to the twin socket,
 * `struct outcome` is what the hooked call did ("got"), `struct want` is what the clauses allow. The executor
 * fills the first two, the oracle the third, and only diff/compare sees both sides.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "../../progs/shared.h"
#include "tcase.h"

/* Clauses are numbered by oracle/clauses.h; a set of them is a bit set. */
#define CLAUSE_WORDS 2
struct clause_set {
	uint64_t w[CLAUSE_WORDS];
};

/* Adds the clause if `on` is 1; no branch, and for a known clause one instruction or two. */
static inline void clause_add_if(struct clause_set *s, unsigned c, bool on)
{
	s->w[0] |= (uint64_t)(on && c < 64) << (c & 63);
	s->w[1] |= (uint64_t)(on && c >= 64) << (c & 63);
}

static inline void clause_add(struct clause_set *s, unsigned c)
{
	clause_add_if(s, c, true);
}

static inline void clause_join(struct clause_set *s, const struct clause_set *more)
{
	s->w[0] |= more->w[0];
	s->w[1] |= more->w[1];
}

static inline bool clause_has(const struct clause_set *s, unsigned c)
{
	return c < 64 * CLAUSE_WORDS && s->w[c >> 6] >> (c & 63) & 1;
}

/*
 * The exact call that the kernel's handler must receive. Pointers stay valid until the oracle's next plan.
 * For getsockopt the handler always gets the user's own arguments.
 */
struct plan {
	bool called; /* false: the handler must not run */
	bool unsure; /* the profile does not say whether it runs: what follows on this socket means nothing */
	bool kernel_buf; /* setsockopt: bytes[0..optlen) replace the user's buffer; else the user's own
			    pointer */
	int32_t level;
	int32_t optname;
	int32_t optlen;
	const uint8_t *bytes; /* NULL unless kernel_buf */
};

/* What the handler did when it was called alone, on the twin, as the plan says. mem is the executor's. */
struct handler_result {
	int64_t ret;	  /* raw result */
	int32_t optlen;	  /* getsockopt: *optlen after the call (undefined if optlen_null) */
	bool touched;	  /* of a call that is held: it reached for the user's optval */
	bool is_volatile; /* its bytes may differ from one call to the next: never compare them by value */
	const uint8_t
		*mem; /* the user's memory after the call: buf.size + TC_PAST bytes; NULL for BUF_NULL */
};

/* What the hooked call did. Pointers are the executor's and stay valid until its next call. */
struct outcome {
	int64_t ret;
	int32_t optlen;		      /* as in handler_result */
	bool stray;		      /* bytes beside the user's optlen changed: never allowed */
	uint32_t runs;		      /* program runs during the call, both hooks */
	const uint8_t *mem;	      /* as in handler_result; BUF_EDGE: buf.size bytes */
	const uint8_t *order;	      /* order[0..min(runs, HD_ORDER)): ids as in struct hd_shared */
	const struct hd_trace *trace; /* by level * TC_MAX_SLOTS + slot, this call's hook */
};

/* Which parts of a want are free: the profile is silent there, or the handler's bytes are volatile. */
enum want_any {
	ANY_RET = 1 << 0,
	ANY_OPTLEN = 1 << 1,
	ANY_MEM = 1 << 2,	/* the user's buffer, apart from the bytes of out that are not masked */
	ANY_SEEN_TAIL = 1 << 3, /* whether programs after the n_seen-th run, and what they see */
};
enum seen_any {
	SEEN_ANY_OPTLEN = 1 << 0,
	SEEN_ANY_SIZE = 1 << 1, /* compare only the bytes that both sides have */
	SEEN_ANY_RETVAL = 1 << 2,
	SEEN_ANY_ARGS = 1 << 3, /* level and optname */
};

/* What one program must see when it is entered. */
struct want_seen {
	uint8_t id;  /* level * TC_MAX_SLOTS + slot */
	uint8_t any; /* enum seen_any */
	int32_t level, optname, optlen, retval;
	uint32_t size;
	uint32_t split;	      /* offset in bytes[] from which c_tail, not c_bytes, is the clause */
	const uint8_t *bytes; /* size bytes */
	const uint8_t *mask;  /* nonzero byte = not compared; NULL: all are compared */
	uint8_t c_args, c_optlen, c_size, c_bytes, c_tail, c_retval; /* the clause behind each part */
};

/* What the programs of a chain wrote; one bit for each kind of action. */
enum wrote { WROTE_ARGS = 1, WROTE_OPTLEN = 2, WROTE_RETVAL = 4, WROTE_BYTES = 8 };

struct want {
	uint32_t any; /* enum want_any */
	int64_t ret;
	int32_t optlen;						 /* the user's *optlen after a getsockopt */
	uint8_t c_ret, c_optlen, c_out, c_base, c_runs, c_order; /* the clause behind each part */
	uint8_t n_seen;						 /* programs that must run, in this order */
	/* The user's memory: out[0..n_out) where out_mask is 0, then base from n_out on; base == NULL: as
	 * before. */
	uint32_t n_out;
	const uint8_t *out;
	const uint8_t *out_mask; /* NULL: every byte of out is compared */
	const uint8_t *base;
	bool lost; /* a program branched on something unknown: the rest of the case says nothing */
	/* What the chain did, for those who sort calls by it (profiles/situation.h); never compared. */
	bool refused;		/* some program returned 0 */
	uint8_t wrote;		/* enum wrote */
	int32_t left;		/* optlen after the last program; the user's if none ran */
	struct clause_set hits; /* every clause that had a say in this call */
	struct want_seen seen[TC_MAX_PROGS];
};

#endif
