/* SPDX-License-Identifier: MIT */
/*
 * Inside of the edits only (edit*.c). An edit_fn returns false and changes nothing if it cannot do its work;
 * true if *tc is valid and differs. What it may leave to the driver: expectations, blocks of ifs that end too
 * late, actions that a hook forbids, attach modes that do not go together (edit_apply repairs them).
 */
#ifndef EDIT_IMPL_H
#define EDIT_IMPL_H

#include "boundary.h"
#include "edit.h"
#include "parts.h"

#define LEVEL_UNKNOWN 0x484b /* a level that no protocol has */

struct edit {
	struct tcase *tc;
	const struct tcase *other; /* NULL: there is none */
	struct rng *r;
};

typedef bool edit_fn(struct edit *e);

static inline unsigned draw(struct edit *e, unsigned n)
{
	return rng_below(e->r, n);
}

/* True one time in n. */
static inline bool once_in(struct edit *e, unsigned n)
{
	return draw(e, n) == 0;
}

/* ---- edit_value.c: numbers with a meaning, a small share of them arbitrary ---- */

/* Any number: of any magnitude, either sign. */
int32_t any_int(struct edit *e);
/* A length of the user or of a program. c: the call that it is about, or NULL. */
int32_t any_optlen(struct edit *e, const struct tc_call *c, int32_t old);
/* How many bytes a user buffer has: mostly no more than two pages. */
uint32_t any_size(struct edit *e, const struct tc_call *c, uint32_t old);
/* Where a program reads or writes. */
uint32_t any_offset(struct edit *e, uint32_t old);
int32_t any_retval(struct edit *e, int32_t old);
/* An option for a socket (NULL: of none): mostly one that it knows, sometimes one that nobody does. */
void any_option(struct edit *e, const struct tc_sock *s, int32_t *level, int32_t *optname);
/* A kind of socket; its level is left alone. */
void any_socket(struct edit *e, struct tc_sock *s);
/* True if the machines that we know can make such a socket (EDIT_KERNEL). */
bool usual_socket(const struct tc_sock *s);
/* An action or condition that hook allows; for ACT_IF n is 0. */
struct act any_act(struct edit *e, enum hook hook);
struct act any_cond(struct edit *e, enum hook hook);
/* The value of an action or a condition, as its op and field want it. False: it has none. */
bool any_act_value(struct edit *e, struct act *a, enum hook hook);
/* A whole call on socket `sock` (or TC_SOCK_BAD): an option, a buffer and a length that fit. */
void any_call(struct edit *e, struct tc_call *c, enum hook hook, uint8_t sock);
/* The value, the buffer and the length of a call for its option. */
void fit_value(struct edit *e, struct tc_call *c);
/* Any call of the case on that hook, or NULL. */
const struct tc_call *some_call(struct edit *e, enum hook hook);
/* The socket of a call, or NULL. */
static inline const struct tc_sock *sock_of(const struct tcase *tc, const struct tc_call *c)
{
	return c->sock < tc->n_socks ? &tc->sock[c->sock] : NULL;
}
/* A buffer inside its limits, an optlen pointer only where there is one. */
void settle_call(struct tc_call *c);

/* ---- the edits; what each does is said in the table of edit.c ---- */

edit_fn call_drop, call_dup, call_swap, call_new, call_readback, call_hook, call_sock, call_optlen, call_size,
	call_relation, call_option, call_level, call_optname, call_place, call_content, call_via, call_null;
edit_fn sock_add, sock_drop, sock_kind, sock_move;
edit_fn level_add, level_cut, level_swap, level_mode, level_shape;
edit_fn prog_new, prog_drop, prog_dup, prog_swap, prog_move, prog_rehook, prog_return;
edit_fn act_new, act_drop, act_swap, act_dup, act_op, act_value, act_offset, act_width, cond_wrap,
	cond_change, cond_block;
edit_fn join_calls, join_tail, join_progs, join_under, join_acts;

/* Puts a program that does something on level `level`; the level must have room. */
void add_prog(struct edit *e, unsigned level, enum hook hook);

#endif
