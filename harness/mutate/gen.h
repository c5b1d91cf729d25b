/* SPDX-License-Identifier: MIT */
/*
 * A case from a seed and a number: the same pair gives the same case everywhere. Each case is one setsockopt
 * and one getsockopt on one socket of one topology, with programs on both hooks; the generator counts what it
 * made, so that a run can show that no dimension is starved.
 */
#ifndef GEN_H
#define GEN_H

#include "boundary.h"

enum dim {
	DIM_TOPOLOGY,
	DIM_SOCKET,
	DIM_OPTION,   /* kind of option */
	DIM_VIA,      /* enum call_via, of both calls */
	DIM_PLACE,    /* of the user's buffer */
	DIM_USER_SET, /* user's optlen on setsockopt: user_optlens[], then the option's own size */
	DIM_USER_GET,
	DIM_LEFT_SET, /* enum left: the last write of optlen by a program */
	DIM_LEFT_GET,
	DIM_RETVAL_SET, /* enum rv */
	DIM_RETVAL_GET,
	DIM_RETURN_SET, /* some program returns 0: 0, all return 1: 1 */
	DIM_RETURN_GET,
	DIM_COUNT,
};
#define DIM_VALUES  24
#define GEN_OPTIONS 192
#define MENU	    100
#define LEFT_MENU   (6 * (LEFT_COUNT - 1))
#define RV_MENU	    (3 * (RV_COUNT - 1))

/* Values of DIM_OPTION. */
enum option_class {
	CLASS_INT,
	CLASS_STRING,
	CLASS_STRUCT,
	CLASS_LARGE,
	CLASS_UNKNOWN,
	CLASS_REFUSED,
	CLASS_COUNT
};

struct gen {
	uint64_t seed;
	bool unlocked; /* safe_unlocked() at gen_init */
	bool bench;    /* only the workload of `hookdiff bench`: TCP, three levels, two actions a program, no
			  corners */
	struct rng r;
	const struct option_info
		*normal[SOCK_ROWS + SOCK_GUEST][GEN_OPTIONS]; /* settable, readable, safe, not volatile */
	const struct option_info *readonly[SOCK_ROWS + SOCK_GUEST][GEN_OPTIONS];
	const struct option_info *changing[SOCK_ROWS + SOCK_GUEST][GEN_OPTIONS]; /* volatile */
	uint8_t n_normal[SOCK_ROWS + SOCK_GUEST], n_readonly[SOCK_ROWS + SOCK_GUEST],
		n_changing[SOCK_ROWS + SOCK_GUEST];
	/* Choices as tables: a random index takes no branch. */
	uint8_t menu[8][MENU]; /* kinds of action; by hook, hot_retval, hot_optlen */
	uint8_t left_menu[LEFT_MENU], rv_menu[RV_MENU], off_menu[16];
	uint64_t dim[DIM_COUNT][DIM_VALUES];
	/* What the last case was made for, for the shadow of its socket pair. */
	unsigned topology, socket, level;
};

/* After safe_unlock() (case/safe.h) its cases are others: of every option and more kinds of sockets, a
 * quarter of them aimed at handlers that look at more bytes than they are given. */
void gen_init(struct gen *g, uint64_t seed);

/* Makes case number `index`. *tc is overwritten in the parts that count. The result passes tcase_check. */
void gen_case(struct gen *g, uint64_t index, struct tcase *tc);

const char *dim_name(enum dim d);
unsigned dim_values(enum dim d);
const char *dim_value_name(enum dim d, unsigned v, char buf[24]);

#endif
