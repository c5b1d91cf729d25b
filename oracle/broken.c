/* SPDX-License-Identifier: MIT */
/* The program runs on a context with a wrong value in it; what it leaves alone is put right afterwards. */
#include "broken.h"

#include <string.h>

#include "pipe.h"

void oracle_break(struct oracle *o, unsigned clause, enum broken_part part)
{
	o->broken = (uint8_t)clause;
	o->broken_part = (uint8_t)part;
}

static bool all_free(const struct want_seen *s, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (!s->mask || !s->mask[i])
			return false;
	return true;
}

unsigned broken_clause(const struct want_seen *s, enum broken_part part)
{
	uint32_t split = s->split < s->size ? s->split : s->size;

	switch (part) {
	case BROKEN_ARGS:
		return s->any & SEEN_ANY_ARGS ? 0 : s->c_args;
	case BROKEN_OPTLEN:
		return s->any & SEEN_ANY_OPTLEN ? 0 : s->c_optlen;
	case BROKEN_SIZE:
		return s->any & SEEN_ANY_SIZE ? 0 : s->c_size;
	case BROKEN_BYTES:
		return all_free(s, 0, split) ? 0 : s->c_bytes;
	case BROKEN_TAIL:
		return all_free(s, split, s->size) ? 0 : s->c_tail;
	case BROKEN_RETVAL:
		return s->any & SEEN_ANY_RETVAL ? 0 : s->c_retval;
	case BROKEN_PARTS:
		break;
	}
	return 0;
}

/* Runs the program with a wrong number in *field. */
static uint32_t wrong_number(struct oracle *o, const struct prog *p, int32_t *field, int32_t wrong)
{
	int32_t right = *field;
	uint32_t ret;

	*field = wrong;
	ret = chain_program(o, p);
	if (*field == wrong)
		*field = right;
	return ret;
}

static uint32_t wrong_args(struct oracle *o, const struct prog *p)
{
	int32_t *name = &o->ctx.optname, right = *name, wrong = right ^ 0x10000;
	uint32_t ret;

	*name = wrong;
	ret = wrong_number(o, p, &o->ctx.level, o->ctx.level ^ 0x10000);
	if (*name == wrong)
		*name = right;
	return ret;
}

static uint32_t wrong_bytes(struct oracle *o, const struct prog *p, uint32_t from, uint32_t to)
{
	struct ctx *x = &o->ctx;
	uint8_t right[256];
	uint32_t ret;

	to = to < x->size ? to : x->size;
	to = to - from < sizeof(right) ? to : from + sizeof(right);
	if (x->published)
		chain_unshare(o);
	memcpy(right, x->win + from, to - from);
	for (uint32_t i = from; i < to; i++)
		x->win[i] ^= 0xff;
	ret = chain_program(o, p);
	for (uint32_t i = from; i < to; i++)
		if ((x->win[i] ^ right[i - from]) == 0xff)
			x->win[i] = right[i - from];
	return ret;
}

uint32_t broken_program(struct oracle *o, const struct prog *p)
{
	const struct want_seen *s = o->want.n_seen ? &o->want.seen[o->want.n_seen - 1] : NULL;
	struct ctx *x = &o->ctx;
	uint32_t size = x->size, ret;

	if (!s || broken_clause(s, (enum broken_part)o->broken_part) != o->broken)
		return chain_program(o, p);
	switch ((enum broken_part)o->broken_part) {
	case BROKEN_ARGS:
		return wrong_args(o, p);
	case BROKEN_OPTLEN:
		return wrong_number(o, p, &x->optlen, x->optlen ^ 0x100);
	case BROKEN_SIZE:
		x->size = size ? size - 1 : 1;
		ret = chain_program(o, p);
		x->size = size;
		return ret;
	case BROKEN_BYTES:
		return wrong_bytes(o, p, 0, s->split);
	case BROKEN_TAIL:
		return wrong_bytes(o, p, s->split, s->size);
	case BROKEN_RETVAL:
		return wrong_number(o, p, &x->retval, x->retval ? 0 : -77);
	case BROKEN_PARTS:
		break;
	}
	return chain_program(o, p);
}
