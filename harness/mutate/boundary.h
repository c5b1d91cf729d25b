/* SPDX-License-Identifier: MIT */
/*
 * The values at which the contract bends, as tables: the sweep takes their full product, the generator leans
 * on them. Topologies and kinds of sockets are here too, because both share them.
 */
#ifndef BOUNDARY_H
#define BOUNDARY_H

#include "../base/rng.h"
#include "../case/options.h"
#include "../case/tcase.h"

/* Newer than the headers of some systems that we build on, or only in headers that clash with others. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef NETLINK_LIST_MEMBERSHIPS
#define NETLINK_LIST_MEMBERSHIPS 9
#endif

#define PAGE 4096 /* the boundaries are those of 4 KiB pages; larger pages have theirs at other values */

/* User's optlen. */
#define USER_OPTLENS 21
extern const int32_t user_optlens[USER_OPTLENS];

/* What a program leaves in optlen, most of it relative to the user's. */
enum left {
	LEFT_UNTOUCHED,
	LEFT_INT_MIN,
	LEFT_MINUS2,
	LEFT_MINUS1,
	LEFT_0,
	LEFT_1,
	LEFT_SMALLER,
	LEFT_EQUAL,
	LEFT_PLUS1,
	LEFT_16,
	LEFT_17,
	LEFT_PAGE,
	LEFT_PAGE1,
	LEFT_INT_MAX,
	LEFT_COUNT,
};
extern const char *const left_names[LEFT_COUNT];
/* The optlen that a program writes; not for LEFT_UNTOUCHED. */
int32_t left_value(enum left l, int32_t user);
/* All of them at once; val[LEFT_UNTOUCHED] is user. */
void left_values(int32_t user, int32_t val[LEFT_COUNT]);

/* What a program does to retval. */
enum rv { RV_UNTOUCHED, RV_ZERO, RV_ORIGINAL, RV_EPERM, RV_NEGATIVE, RV_POSITIVE, RV_BELOW, RV_COUNT };
extern const char *const rv_names[RV_COUNT];
/* The action that does it, for hook; not for RV_UNTOUCHED. pick varies the value within the class. */
struct act rv_action(enum rv v, enum hook hook, uint32_t pick);
#define RV_VALUES 5
struct rv_class {
	uint8_t n;
	int32_t val[RV_VALUES];
};
/* What each class of retval can be; RV_ORIGINAL and RV_UNTOUCHED have a zero that stands for no value. */
extern const struct rv_class rv_classes[RV_COUNT];

/* A kind of socket that cases use. */
struct sock_row {
	const char *name;
	struct tc_sock sock; /* level 0 */
	uint16_t mask;	     /* SK_* bit of the option table */
};
#define SOCK_ROWS 8
/* Behind them kinds that only unlocked cases use (case/safe.h): their handlers have options that can hurt. */
#define SOCK_GUEST 9
extern const struct sock_row sock_rows[SOCK_ROWS + SOCK_GUEST];

/* A shape of chain: per hook a string of one letter and digit a level, top first: m1 multi, o1 override, n1
 * none, -0. */
struct topology {
	const char *name;
	uint8_t n_levels;
	const char *shape[HOOK_COUNT];
};
#define TOPOLOGIES 14
extern const struct topology topologies[TOPOLOGIES];
/* Gives the case these levels, with programs that do nothing and return 1. */
void topology_apply(const struct topology *t, struct tcase *tc);
/* Programs of one hook on one level, and their attach mode. */
unsigned topology_slots(const struct topology *t, unsigned hook, unsigned level);
enum attach_mode topology_mode(const struct topology *t, unsigned hook, unsigned level);

/*
 * Fills a user buffer with a legal value of the option, the salt-th of those it knows; returns its length.
 * info may be NULL (an unknown option): four bytes.
 */
uint32_t value_fill(const struct option_info *info, uint32_t salt, struct tc_buf *b);
/* Changes the value that a setsockopt passes to another legal one. False if there is nothing to change. */
bool value_next(struct tc_call *c);

/* Appends an action to a program; false if it is full. */
bool prog_add(struct prog *p, struct act a);

#endif
