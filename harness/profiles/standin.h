/* SPDX-License-Identifier: MIT */
/*
 * A handler for predictions without a kernel: what it answers is the model's (case/model.h) where that knows,
 * and otherwise one of the few answers that the contract tells apart. Whoever wants all of them asks for each
 * kind in turn.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include "../case/model.h"
#include "../case/outcome.h"

enum standin_kind {
	STANDIN_MODEL, /* the model; if it does not know: success, a getsockopt with the option's own size */
	STANDIN_SHORT, /* a getsockopt succeeds with one byte */
	STANDIN_FULL,  /* ... with as many as the user asked for */
	STANDIN_ERROR, /* every call fails */
	STANDIN_LONG,  /* a getsockopt says that there is more than the user has room for */
	STANDIN_LARGE, /* ... more than a page of it */
	STANDIN_COUNT,
};

struct standin {
	enum standin_kind kind;
	struct model model[TC_MAX_SOCKS];
	bool modelled; /* the last answer was the model's */
	uint8_t *mem;  /* the user's memory, as the handler leaves it; owned */
};

/* 0 or -ENOMEM. */
int standin_init(struct standin *s);
void standin_fini(struct standin *s);

/* New sockets. */
void standin_begin(struct standin *s, const struct tcase *tc, enum standin_kind kind);

/* The answer to the planned call; valid until the next one. A plan that calls nobody is no answer: ret 0. */
void standin_answer(struct standin *s, const struct tc_call *c, const struct plan *p,
		    struct handler_result *hr);

/* True if a getsockopt like this one can have an answer of this kind that no kind before it has. */
bool standin_differs(enum standin_kind kind, const struct tc_call *c);

#endif
