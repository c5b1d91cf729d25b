/* SPDX-License-Identifier: MIT */
/*
 * Inside the oracle: the state of one hook call while its programs run. chain.c runs the programs on it,
 * set.c and get.c are the two pipelines around them, oracle.c holds the two doors. Nobody outside oracle/
 * sees this.
 */
#ifndef PIPE_H
#define PIPE_H

#include <errno.h>

#include "clauses.h"
#include "oracle.h"
#include "profiles.h"

/* Parts of the context that the profile (or a volatile handler) leaves unknown. */
enum unknown { UNK_OPTLEN = 1, UNK_SIZE = 2, UNK_RETVAL = 4 };

/* Where the current retval comes from. */
enum why { WHY_INITIAL, WHY_SET, WHY_REJECTED, WHY_KEPT_ERRNO };

struct ctx {
	int32_t level, optname, optlen, retval;
	uint8_t spare[4]; /* takes what goes nowhere: chain.c writes without a branch */
	int32_t initial;  /* retval at the start of the chain */
	uint32_t size;	  /* of the window */
	uint8_t *win;
	uint8_t *mask;	 /* NULL: every byte of the window is known */
	bool published;	 /* a seen[] points at win and mask: copy before writing (large windows only) */
	bool careful;	 /* the window is published or has a mask: writing is more than a store */
	uint8_t unknown; /* enum unknown */
	uint8_t why;	 /* enum why */
	bool lost;	 /* a condition asked for something unknown */
	bool rejected;	 /* some program returned 0 */
	bool failed;	 /* some program returned 0 or left an errno: the rest of the chain still runs */
	bool raw;	 /* a retval below -4095 met a return 0 */
	uint8_t wrote;	 /* enum wrote */
	bool odd_optlen; /* at some point between programs optlen was one that would have ended the call */
};

#define MAX_ERRNO 4095

/* Windows up to this size are copied for each program; larger ones only before they are written to. */
#define SMALL_WINDOW 64

/* States of a context on entry of a later program that decide which clauses that entry hits. */
#define NEXT_STATES 64

struct effective {
	uint8_t n;
	uint8_t ids[TC_MAX_PROGS];
};

struct oracle {
	const struct profile *profile;
	const struct traits *t;
	uint32_t page;
	struct clause_set mask;		     /* clauses of this profile */
	struct clause_set next[NEXT_STATES]; /* what a later program's entry hits: chain.c next_state() */
	const struct tcase *tc;
	const struct tc_call *c;
	struct effective eff[TC_MAX_SOCKS][HOOK_COUNT];
	uint32_t foreign[HOOK_COUNT];  /* bit id: a program that kernels of this profile cannot load */
	const struct effective *chain; /* of the call that is planned */
	uint8_t alone;		       /* the clause by which no program runs for it: the handler is alone */
	struct ctx ctx;
	struct plan *plan; /* the caller's */
	struct want want;
	uint8_t *snap; /* windows as programs saw them, and their masks */
	uint32_t snap_used, snap_cap;
	uint8_t broken, broken_part;	    /* broken.h */
	const struct oracle_engine *engine; /* NULL: all programs are action lists */
};

static inline void hits(struct oracle *o, const struct clause_set *s)
{
	clause_join(&o->want.hits, s);
}

static inline void hit(struct oracle *o, unsigned clause)
{
	clause_add(&o->want.hits, clause);
}

/* The clause becomes the reason of the call's result, and a hit. */
static inline void result(struct oracle *o, int64_t ret, unsigned clause)
{
	o->want.ret = ret;
	o->want.c_ret = clause;
	hit(o, clause);
}

/* chain.c */
/* Fills o->next. */
void chain_init(struct oracle *o);
/* Gives the context a window of `size` bytes, for the caller to fill. */
void chain_window(struct oracle *o, uint32_t size);
/* From here on bytes [from, to) of the window are unknown. */
void chain_forget(struct oracle *o, uint32_t from, uint32_t to);
/* Records what the first program must see; the caller names the clauses of its parts. */
struct want_seen *chain_first(struct oracle *o);
/* Runs the chain over o->ctx, after chain_first. */
void chain_run(struct oracle *o);
/* Records what a program must see when it is entered now; the caller names the clauses of its parts. */
struct want_seen *chain_see(struct oracle *o, uint8_t id);
/* Runs one program over o->ctx; returns its result: 0, 1 or 2. */
uint32_t chain_program(struct oracle *o, const struct prog *p);
/* The window as it is becomes private, so that writing does not change what an earlier program saw. */
void chain_unshare(struct oracle *o);
/* broken.c: the same with something wrong in what the program sees. */
uint32_t broken_program(struct oracle *o, const struct prog *p);

/* engine.c: asks the engine, if there is one. */
uint32_t engine_program(struct oracle *o, const struct prog *p, uint8_t id);

static inline uint32_t run_program(struct oracle *o, const struct prog *p, uint8_t id)
{
	if (__builtin_expect(o->broken || o->engine, 0))
		return o->engine ? engine_program(o, p, id) : broken_program(o, p);
	return chain_program(o, p);
}

/* True if the kernel can read n bytes from the start of the user's buffer. */
bool buf_readable(const struct tc_buf *b, uint32_t n);
bool buf_writable(const struct tc_buf *b, uint32_t n);

/* set.c, get.c */
void set_plan(struct oracle *o);
void set_predict(struct oracle *o, const struct handler_result *hr);
void get_plan(struct oracle *o);
void get_predict(struct oracle *o, const struct handler_result *hr);

/* draft.c: both hooks of the first proposal. */
void draft_plan(struct oracle *o);
void draft_predict(struct oracle *o, const struct handler_result *hr);

/* bypass.c: options that go past getsockopt's hook, by the profile */
enum bypass { PAST_NOTHING, PAST_ZEROCOPY, PAST_PEERPIDFD, PAST_SCTP };
enum bypass bypass_kind(const struct oracle *o);
/* Can it be another kind than PAST_NOTHING? Asked on every getsockopt. */
static inline bool bypass_possible(const struct tc_call *c)
{
	return c->optname == 35 || c->optname == 77 || (c->optname >= 102 && c->level == 132);
}
/* Answers for the call, if the profile lets it past the hook; false if it does not. */
bool bypass_predict(struct oracle *o, enum bypass kind, const struct handler_result *hr);
/* get.c: a negative retval is the call's result; names the clause that made it so. */
void get_name_negative(struct oracle *o);

/* uring.c: for calls by that way. True if the call ends there, before hook and handler. */
bool uring_plan(struct oracle *o);
/* For a getsockopt, after its pipeline has answered. */
void uring_predict(struct oracle *o);

/* helper.c: calls by that way, which meet no pipeline. */
void helper_plan(struct oracle *o);
void helper_predict(struct oracle *o, const struct handler_result *hr);

#endif
