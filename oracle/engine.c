/* SPDX-License-Identifier: MIT */
/* Programs that somebody else runs (oracle.h struct oracle_engine), between two steps of the chain. */
#include "pipe.h"

void oracle_use_engine(struct oracle *o, const struct oracle_engine *engine)
{
	o->engine = engine;
}

static void take_back(struct ctx *x, const struct oracle_entry *e)
{
	x->level = e->level;
	x->optname = e->optname;
	x->optlen = e->optlen;
	x->wrote |= e->wrote;
	if (e->wrote & WROTE_RETVAL) {
		x->retval = e->retval;
		x->unknown &= (uint8_t)~UNK_RETVAL;
		x->why = WHY_SET;
	}
}

uint32_t engine_program(struct oracle *o, const struct prog *p, uint8_t id)
{
	struct ctx *x = &o->ctx;
	struct oracle_entry e = {.hook = o->c->hook,
				 .sock = o->c->sock,
				 .id = id,
				 .level = x->level,
				 .optname = x->optname,
				 .optlen = x->optlen,
				 .retval = x->retval,
				 .size = x->size};
	int ret;

	if (x->published)
		chain_unshare(o);
	e.window = x->win;
	ret = o->engine->run(o->engine->owner, &e);
	if (ret == ORACLE_LIST)
		return chain_program(o, p);
	if (ret < 0 || x->mask || x->unknown & (UNK_OPTLEN | UNK_SIZE)) {
		x->lost = true;
		return 1;
	}
	take_back(x, &e);
	return (uint32_t)ret;
}
