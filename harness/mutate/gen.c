/* SPDX-License-Identifier: MIT */
/*
 * Most cases are plain mixtures; one in five is aimed at a corner that the mixture would hit too rarely
 * (aims[]). Rates are chosen by the run's own check: no clause below 1,000 hits in a million cases, no value
 * of a dimension below 0.1 %.
 */
#include "gen.h"

#include "../case/safe.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#define LEVEL_UNKNOWN  0x484b
#define BENCH_TOPOLOGY 2 /* three levels, one program a level and hook */

enum { TCP = 0, TCP6 = 2, UNIX = 4, UNIXPAIR = 5, NETLINK = 6, PACKET = 7 }; /* rows of sock_rows[] */

/* Kinds of action, and what they are drawn from. */
enum kind { KIND_BYTES, KIND_OPTLEN, KIND_REWRITE, KIND_RETVAL, KIND_COUNT };
enum { OFF_START, OFF_WINDOW, OFF_USER, OFF_PAGE, OFFS };
static const uint32_t off_spans[OFFS] = {4, 20, 1, 4};

/* What one half of a case (its setsockopt or its getsockopt) is made from. */
struct half {
	enum hook hook;
	struct tc_call *call;
	const struct option_info *info;
	int32_t other_level, other_optname; /* what a program may rewrite to */
	bool returned_zero, hot_retval, hot_optlen;
	bool tame;		  /* no program may leave a negative optlen */
	const uint8_t *menu;	  /* kinds of action, by a random number below MENU */
	int32_t left[LEFT_COUNT]; /* optlens to write */
	uint32_t off[OFFS];	  /* offsets to write to, each the first of off_spans[] */
	uint8_t last[KIND_COUNT]; /* the last choice of each kind: KIND_OPTLEN an enum left, KIND_RETVAL an rv
				   */
};

static void list_add(const struct option_info **list, uint8_t *n, const struct option_info *o)
{
	if (*n < GEN_OPTIONS)
		list[(*n)++] = o;
}

static void count(struct gen *g, enum dim d, unsigned v)
{
	g->dim[d][v]++;
}

static const struct option_info *pick_option(struct gen *g, unsigned kind)
{
	return g->n_normal[kind] ? g->normal[kind][rng_below(&g->r, g->n_normal[kind])] : NULL;
}

/* Picks the option of a call; NULL with a level that no family knows, one time in twelve. */
static const struct option_info *choose(struct gen *g, unsigned kind, enum hook hook)
{
	uint32_t x = rng_below(&g->r, 100);

	if (x < 8)
		return NULL;
	if (x < 15 && g->n_readonly[kind])
		return g->readonly[kind][rng_below(&g->r, g->n_readonly[kind])];
	if (x < 18 && hook == HOOK_GET && g->n_changing[kind])
		return g->changing[kind][rng_below(&g->r, g->n_changing[kind])];
	return pick_option(g, kind);
}

static enum option_class class_of(const struct option_info *o)
{
	if (!o)
		return CLASS_UNKNOWN;
	if (!o->can_set)
		return CLASS_REFUSED;
	switch (o->kind) {
	case OPT_STRING:
		return CLASS_STRING;
	case OPT_STRUCT:
	case OPT_U64:
		return CLASS_STRUCT;
	case OPT_LARGE:
		return CLASS_LARGE;
	case OPT_INT:
	case OPT_BOOL:
	case OPT_BYTE:
	case OPT_NONE:
	case OPT_KIND_COUNT:
		break;
	}
	return CLASS_INT;
}

/* The user's optlen: the option's own size or a boundary. boundary: in 256ths. */
static void choose_optlen(struct gen *g, struct half *h, uint32_t own, uint32_t boundary)
{
	bool set = h->hook == HOOK_SET;
	unsigned v = USER_OPTLENS;

	h->call->optlen = (int32_t)own;
	if (rng_below(&g->r, 256) < boundary) {
		v = rng_below(&g->r, USER_OPTLENS);
		h->call->optlen = user_optlens[v];
	}
	count(g, set ? DIM_USER_SET : DIM_USER_GET, v);
}

/* Real memory behind the optlen: as large as it says, or smaller. */
static void choose_memory(struct gen *g, struct tc_call *c, uint32_t own)
{
	uint32_t x = rng_below(&g->r, 128), u = c->optlen > 0 ? (uint32_t)c->optlen : 0;

	c->buf.fill = (uint8_t)(x < 64 ? TC_FILL : x);
	c->buf.place = BUF_PLAIN;
	c->buf.size = u <= 2 * PAGE			 ? u
		      : g->bench || rng_below(&g->r, 16) ? PAGE + 100
		      : u <= 65536			 ? u
							 : own;
	if (x < 8 && !g->bench) /* a fault costs a microsecond: the bench compares calls without one */
		c->buf.place = x < 2 ? BUF_NULL : x < 4 ? BUF_READONLY : BUF_EDGE;
	if (x >= 4 && x < 12 && c->buf.size)
		c->buf.size = rng_below(&g->r, c->buf.size);
	if (c->buf.place == BUF_NULL)
		c->buf.size = 0;
	if (c->buf.n_data > c->buf.size)
		c->buf.n_data = (uint8_t)c->buf.size;
	count(g, DIM_PLACE, c->buf.place);
}

static void make_call(struct gen *g, struct half *h, unsigned kind, uint32_t boundary)
{
	struct tc_call *c = h->call;
	uint32_t own;

	h->info = choose(g, kind, h->hook);
	c->hook = (uint8_t)h->hook;
	c->sock = 0;
	c->via = VIA_SYSCALL;
	c->optlen_null = c->optlen_ro = c->len_across = c->len_in = false;
	c->meanwhile = MEANWHILE_NOTHING;
	memset(&c->expect, 0, offsetof(struct tc_expect, bytes));
	c->level = h->info ? h->info->level : LEVEL_UNKNOWN;
	c->optname = h->info ? h->info->optname : (int32_t)rng_below(&g->r, 64);
	own = value_fill(h->info, rng_u32(&g->r), &c->buf);
	if (h->hook == HOOK_GET && class_of(h->info) != CLASS_LARGE)
		c->buf.n_data = 0;
	choose_optlen(g, h, h->info && h->info->kind == OPT_STRING && h->hook == HOOK_GET ? 16 : own,
		      boundary);
	choose_memory(g, c, own);
}

static struct act condition(struct gen *g, const struct half *h)
{
	const struct tc_call *c = h->call;
	struct act a = {.op = ACT_IF, .n = 1, .cmp = (uint8_t)rng_below(&g->r, CMP_COUNT)};

	a.field = (uint8_t)rng_below(&g->r, h->info && h->info->is_volatile ? FIELD_SIZE : FIELD_COUNT);
	switch ((enum act_field)a.field) {
	case FIELD_LEVEL:
		a.val = c->level;
		break;
	case FIELD_OPTNAME:
		a.val = c->optname;
		break;
	case FIELD_OPTLEN:
		a.val = rng_chance(&g->r, 1, 2) ? c->optlen : PAGE;
		break;
	case FIELD_RETVAL:
		a.val = rng_chance(&g->r, 1, 2) ? 0 : -1;
		break;
	case FIELD_SIZE:
		a.val = rng_chance(&g->r, 1, 2) ? 16 : c->optlen;
		break;
	case FIELD_BYTE:
		a.off = rng_below(&g->r, 20);
		a.val = (int32_t)(rng_chance(&g->r, 1, 2) ? 0 : rng_below(&g->r, 256));
		break;
	case FIELD_COUNT:
		break;
	}
	return a;
}

/* How often each kind of action stands in a hundred. */
static enum kind kind_of(enum hook hook, bool hot_retval, bool hot_optlen, unsigned x)
{
	if (hot_retval && x < 50)
		return KIND_RETVAL;
	if (hot_optlen && x < 60)
		return KIND_OPTLEN;
	if (x < 40)
		return KIND_BYTES;
	if (x < 65)
		return KIND_OPTLEN;
	return x < 85 && hook == HOOK_SET ? KIND_REWRITE : KIND_RETVAL;
}

/* Two of three are any; values inside the window are what lets the rest of the pipeline run. */
static enum left left_of(unsigned x)
{
	unsigned any = LEFT_COUNT - 1;

	return x < 4 * any ? (enum left)(1 + x % any) : x < 5 * any ? LEFT_EQUAL : LEFT_0;
}

static enum rv rv_of(unsigned x)
{
	unsigned any = RV_COUNT - 1;

	return x < 2 * any ? (enum rv)(1 + x % any) : RV_ZERO;
}

static void make_menus(struct gen *g)
{
	for (unsigned i = 0; i < 8 * MENU; i++)
		g->menu[i / MENU][i % MENU] =
			(uint8_t)kind_of((enum hook)(i / MENU & 1), i / MENU & 2, i / MENU & 4, i % MENU);
	for (unsigned i = 0; i < LEFT_MENU; i++)
		g->left_menu[i] = (uint8_t)left_of(i);
	for (unsigned i = 0; i < RV_MENU; i++)
		g->rv_menu[i] = (uint8_t)rv_of(i);
	for (unsigned i = 0; i < 16; i++)
		g->off_menu[i] = i < 10 ? OFF_START : i < 13 ? OFF_WINDOW : i < 15 ? OFF_USER : OFF_PAGE;
}

/* What the actions of this half are drawn from: after its call is made and aimed. */
static void set_table(const struct gen *g, struct half *h)
{
	int32_t user = h->call->optlen;

	h->menu = g->menu[h->hook + 2 * h->hot_retval + 4 * h->hot_optlen];
	left_values(user, h->left);
	h->off[OFF_START] = h->off[OFF_WINDOW] = 0;
	h->off[OFF_USER] = user < 0 ? 0 : user < 65530 ? (uint32_t)user : PAGE - 2;
	h->off[OFF_PAGE] = PAGE - 3;
}

/* x below 2^16, scaled to 0..n-1 */
static inline unsigned scale(uint64_t x, unsigned n)
{
	return (unsigned)((x & 0xffff) * n >> 16);
}

/*
 * Draws every kind of action and keeps one: branches on random kinds would be mispredicted, which costs more
 * than all four together.
 */
static void add_action(struct gen *g, struct half *h, struct prog *p)
{
	static const uint8_t widths[] = {1, 2, 4};
	const uint64_t x = rng_u64(&g->r), y = rng_u64(&g->r);
	const unsigned kind = h->menu[(x >> 32) * MENU >> 32];
	const unsigned width = widths[scale(y, 3)], where = g->off_menu[y >> 16 & 15];
	const unsigned left = g->left_menu[scale(y >> 20, LEFT_MENU)],
		       rv = g->rv_menu[scale(y >> 20, RV_MENU)];
	const unsigned pick = (unsigned)(y >> 36 & 0xffff), coin = (unsigned)(y >> 63);
	const uint8_t op[KIND_COUNT] = {ACT_BYTES, ACT_OPTLEN, (uint8_t)(ACT_LEVEL + coin),
					(uint8_t)(rv == RV_ORIGINAL		 ? ACT_KEEP_RETVAL
						  : (h->hook == HOOK_GET) & coin ? ACT_RETVAL
										 : ACT_SET_RETVAL)};
	const int32_t val[KIND_COUNT] = {(int32_t)((uint32_t)x & (uint32_t)((1ull << 8 * width) - 1)),
					 h->left[left], coin ? h->other_optname : h->other_level,
					 rv_classes[rv].val[scale(pick, rv_classes[rv].n)]};
	const uint8_t choice[KIND_COUNT] = {0, (uint8_t)left, 0, (uint8_t)rv};
	const uint32_t bytes = -(uint32_t)(kind == KIND_BYTES);

	struct act *a = &p->act[p->n];

	if (p->n == ACT_MAX)
		return;
	p->n++;
	h->last[kind] = choice[kind];
	a->op = op[kind];
	a->field = a->cmp = 0;
	a->n = (uint8_t)(width & bytes);
	a->off = (h->off[where] + scale(pick, off_spans[where])) & bytes;
	a->val = val[kind];
}

void gen_init(struct gen *g, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	g->seed = seed;
	g->unlocked = safe_unlocked();
	make_menus(g);
	for (size_t i = 0; i < option_count(); i++) {
		const struct option_info *o = option_at(i);

		for (unsigned k = 0; k < SOCK_ROWS + SOCK_GUEST; k++) {
			if (!(o->sock_mask & sock_rows[k].mask) || !option_usable(o))
				continue;
			if (o->is_volatile && o->can_get)
				list_add(g->changing[k], &g->n_changing[k], o);
			else if (o->can_get && o->can_set)
				list_add(g->normal[k], &g->n_normal[k], o);
			else if (o->can_get)
				list_add(g->readonly[k], &g->n_readonly[k], o);
			/* For what a handler reads no get is needed, and it may change by itself. */
			if (g->unlocked && o->can_set && (!o->can_get || o->is_volatile))
				list_add(g->normal[k], &g->n_normal[k], o);
		}
	}
}

/* Every if guards one action, which is no if; some now guard all that follows, so that blocks nest rightly.
 */
static void widen_blocks(struct gen *g, struct prog *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->act[i].op == ACT_IF && rng_chance(&g->r, 1, 4))
			p->act[i].n = (uint8_t)(p->n - i - 1);
}

static void make_program(struct gen *g, struct half *h, struct prog *p)
{
	static const uint8_t counts[] = {0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 6};
	unsigned n = counts[rng_below(&g->r, 16)];

	for (unsigned i = 0; i < n; i++) {
		if (rng_chance(&g->r, 1, 6))
			prog_add(p, condition(g, h));
		add_action(g, h, p);
	}
	if (rng_chance(&g->r, 1, 48) && p->n + 2u <= ACT_MAX) {
		prog_add(p, condition(g, h));
		prog_add(p, (struct act){.op = ACT_RETURN, .val = (int32_t)rng_below(&g->r, 2)});
	}
	widen_blocks(g, p);
	p->ret = !rng_chance(&g->r, 1, 14);
	h->returned_zero |= !p->ret;
}

/* Where a kernel warns of a negative optlen (safe.c) programs leave a small one. */
static void no_negative(const struct half *h, struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[h->hook]; s++) {
			struct prog *p = &tc->level[l].slot[h->hook][s].prog;

			for (unsigned i = 0; i < p->n; i++)
				if (p->act[i].op == ACT_OPTLEN && p->act[i].val < 0)
					p->act[i].val = (int32_t)(-(int64_t)p->act[i].val & 31);
		}
}

/* Fills the programs of one hook; in a third of the cases only one of the chain does anything. */
static void make_programs(struct gen *g, struct half *h, struct tcase *tc)
{
	bool single = rng_chance(&g->r, 1, 3);
	unsigned total = 0, chosen;

	for (unsigned l = 0; l < tc->n_levels; l++)
		total += tc->level[l].n[h->hook];
	chosen = rng_below(&g->r, total);
	for (unsigned l = 0, k = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[h->hook]; s++, k++)
			if (!single || k == chosen)
				make_program(g, h, &tc->level[l].slot[h->hook][s].prog);
	if (h->tame)
		no_negative(h, tc);
}

static void make_bench_programs(struct gen *g, struct half *h, struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++) {
		struct prog *p = &tc->level[l].slot[h->hook][0].prog;

		add_action(g, h, p);
		add_action(g, h, p);
		p->ret = !rng_chance(&g->r, 1, 14);
	}
}

/* The corners: each changes a case after its calls are made and before its programs are. */
static void aim_unknown_get(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	struct tc_call *c = get->call;

	c->level = LEVEL_UNKNOWN;
	get->info = NULL;
	c->optlen = user_optlens[rng_chance(&g->r, 2, 3) ? 17 + rng_below(&g->r, 4)
							 : rng_below(&g->r, USER_OPTLENS)];
	c->buf.place = BUF_PLAIN;
	c->buf.n_data = 0;
	c->buf.size = 64;
	get->hot_retval = get->hot_optlen = true;
}

static void aim_peergroups(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	struct tc_call *c = get->call;

	tc->sock[0] = sock_rows[UNIXPAIR].sock;
	tc->sock[0].level = tc->n_levels;
	g->socket = UNIXPAIR;
	c->level = SOL_SOCKET;
	c->optname = SO_PEERGROUPS;
	get->info = option_find(c->level, c->optname);
	c->optlen = rng_chance(&g->r, 1, 2) ? 2 * PAGE : (int32_t)(PAGE + rng_below(&g->r, 1000));
	c->buf = (struct tc_buf){.place = BUF_PLAIN, .fill = TC_FILL, .size = (uint32_t)c->optlen};
	get->hot_optlen = true;
}

static void aim_memberships(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	struct tc_call *c = get->call;

	tc->sock[0] = sock_rows[NETLINK].sock;
	tc->sock[0].level = tc->n_levels;
	g->socket = NETLINK;
	c->level = SOL_NETLINK;
	c->optname = NETLINK_LIST_MEMBERSHIPS;
	get->info = option_find(c->level, c->optname);
	c->optlen = (int32_t)rng_below(&g->r, 10);
	c->buf = (struct tc_buf){.place = BUF_PLAIN, .fill = TC_FILL, .size = (uint32_t)c->optlen};
	set->call->level = SOL_NETLINK; /* without a membership there is nothing to list */
	set->call->optname = NETLINK_ADD_MEMBERSHIP;
	set->info = option_find(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP);
	set->call->optlen = 4;
	set->call->buf = (struct tc_buf){.place = BUF_PLAIN, .fill = TC_FILL, .size = 4};
	value_fill(set->info, rng_u32(&g->r), &set->call->buf);
	if (rng_chance(&g->r, 1, 2)) {
		c->buf.place = BUF_NULL;
		c->buf.size = 0;
		c->optlen = (int32_t)rng_below(&g->r, 4);
	}
}

static void aim_large_set(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	struct tc_call *c = set->call;

	(void)get;
	c->optlen = user_optlens[17 + rng_below(&g->r, 4)];
	c->buf.place = BUF_PLAIN;
	c->buf.size = PAGE + 200;
	set->hot_optlen = true;
}

static void aim_badfd(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	(rng_chance(&g->r, 1, 2) ? set : get)->call->sock = TC_SOCK_BAD;
	if (rng_chance(&g->r, 1, 2))
		set->call->optlen = -1 - (int32_t)rng_below(&g->r, 3);
}

/* On sockets whose protocol has a level of its own the handler's caller may look first (Linux 7.1). */
static void aim_null_optlen(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	if (rng_chance(&g->r, 1, 2)) {
		g->socket = rng_chance(&g->r, 1, 2) ? NETLINK : PACKET;
		tc->sock[0] = sock_rows[g->socket].sock;
		tc->sock[0].level = tc->n_levels;
		get->call->level = g->socket == NETLINK ? SOL_NETLINK : SOL_PACKET;
		get->call->optname = g->socket == NETLINK ? NETLINK_PKTINFO : PACKET_AUXDATA;
		get->info = option_find(get->call->level, get->call->optname);
	}
	get->call->optlen_null = true;
	get->hot_retval = true;
}

static void aim_uring(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	(rng_chance(&g->r, 1, 2) ? set : get)->call->via = VIA_URING;
	if (get->call->via == VIA_URING && rng_chance(&g->r, 1, 2)) { /* getsockopt knows this level only */
		get->call->level = SOL_SOCKET;
		get->call->optname = SO_PRIORITY;
		get->info = option_find(SOL_SOCKET, SO_PRIORITY);
	}
}

/* The twin's call goes the same way: what differs is the programs alone. */
static void aim_compat(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	(rng_chance(&g->r, 1, 2) ? set : get)->call->via = VIA_COMPAT;
	get->call->optlen_null = get->call->via == VIA_COMPAT && rng_chance(&g->r, 1, 8);
}

/* Most options are none of the helpers', so one that is theirs half of the time. */
static void aim_helper(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	static const struct {
		int32_t level, optname;
	} known[] = {{SOL_SOCKET, SO_PRIORITY}, {SOL_SOCKET, SO_RCVLOWAT}, {SOL_SOCKET, SO_KEEPALIVE},
		     {SOL_TCP, TCP_NODELAY},	{SOL_TCP, TCP_KEEPIDLE},   {SOL_IP, IP_TOS},
		     {SOL_IPV6, IPV6_TCLASS}};
	struct half *h = rng_chance(&g->r, 1, 2) ? set : get;
	struct tc_call *c = h->call;
	unsigned i = rng_below(&g->r, 2 * sizeof(known) / sizeof(known[0]));

	if (i < sizeof(known) / sizeof(known[0])) {
		h->info = option_find(known[i].level, known[i].optname);
		c->level = known[i].level;
		c->optname = known[i].optname;
		c->optlen = rng_chance(&g->r, 1, 8) ? 1 + (int32_t)rng_below(&g->r, 8) : 4;
	} else if (c->optlen < 1 || c->optlen > TC_MAX_DATA) {
		c->optlen = 1 + (int32_t)rng_below(&g->r, TC_MAX_DATA);
	}
	c->via = VIA_HELPER;
	c->buf.place = BUF_PLAIN;
	if (c->buf.size < (uint32_t)c->optlen || c->buf.size > TC_MAX_DATA)
		c->buf.size = (uint32_t)c->optlen;
	if (c->buf.n_data > c->buf.size)
		c->buf.n_data = (uint8_t)c->buf.size;
}

/* The programs run inside TCP, on this struct: an address, a length and a hint; some fields TCP looks at. */
static void aim_zerocopy(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	static const uint8_t lens[] = {8, 8, 11, 12, 16, 17, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 64, 70};
	struct tc_call *c = get->call;

	g->socket = rng_chance(&g->r, 1, 2) ? TCP : TCP6;
	tc->sock[0] = sock_rows[g->socket].sock;
	tc->sock[0].level = tc->n_levels;
	c->level = SOL_TCP;
	c->optname = TCP_ZEROCOPY_RECEIVE;
	get->info = option_find(c->level, c->optname);
	c->optlen = lens[rng_below(&g->r, sizeof(lens))];
	c->buf = (struct tc_buf){.n_data = 24, .size = (uint32_t)c->optlen + rng_below(&g->r, 8)};
	c->buf.place = (uint8_t)(rng_chance(&g->r, 1, 8) ? BUF_READONLY : BUF_PLAIN);
	for (unsigned i = 8; i < c->buf.n_data; i++)
		c->buf.data[i] = (uint8_t)rng_below(&g->r, 256);
	c->buf.data[0] = rng_chance(&g->r, 1, 4); /* an odd address is EINVAL */
	if (c->buf.n_data > c->buf.size)
		c->buf.n_data = (uint8_t)c->buf.size;
	get->hot_retval = get->hot_optlen = true;
	get->tame = true;
}

/* On a socket without a peer there is no descriptor to make. */
static void aim_peerpidfd(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	g->socket = UNIX;
	tc->sock[0] = sock_rows[UNIX].sock;
	tc->sock[0].level = tc->n_levels;
	get->call->level = SOL_SOCKET;
	get->call->optname = SO_PEERPIDFD;
	get->info = option_find(SOL_SOCKET, SO_PEERPIDFD);
}

static void aim_retval(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	set->hot_retval = get->hot_retval = true;
}

/* optlen lies over the value, beside it, or anywhere in the buffer. */
static void overlap(struct gen *g, struct tc_call *c)
{
	c->len_in = true;
	c->len_off = (uint8_t)rng_below(&g->r, rng_chance(&g->r, 1, 2) ? 9 : TC_MAX_DATA - 3);
	tc_len_settle(c);
}

static void aim_bad_memory(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	struct tc_buf *b = &(rng_chance(&g->r, 1, 3) ? set : get)->call->buf;

	get->call->optlen_ro = rng_chance(&g->r, 1, 4);

	b->place = (uint8_t)(1 + rng_below(&g->r, BUF_PLACE_COUNT - 1));
	if (b->place == BUF_NULL)
		b->size = 0;
	else if (b->size > 4)
		b->size = rng_below(&g->r, b->size);
	if (b->n_data > b->size)
		b->n_data = (uint8_t)b->size;
	get->hot_retval = true;
	if (get->call->optlen_ro || rng_chance(&g->r, 1, 2))
		get->call->len_across = rng_chance(&g->r, 1, 4);
	else
		overlap(g, get->call);
}

static void aim_overlap(struct gen *g, struct tcase *tc, struct half *set, struct half *get)
{
	overlap(g, get->call);
}

/*
 * A length around that of the option's value, most of them shorter: the hook hands the handler a copy of
 * exactly so many bytes. Programs change it further.
 */
static void aim_short(struct gen *g, struct half *h)
{
	struct tc_call *c = h->call;
	uint32_t own = h->info && h->info->size ? h->info->size : 4;

	c->optlen =
		1 + (int32_t)rng_below(&g->r, rng_chance(&g->r, 1, 2) && own > 32 ? 32 : own + own / 8 + 1);
	c->buf.place = BUF_PLAIN;
	c->buf.size = (uint32_t)c->optlen;
	if (c->buf.n_data > c->buf.size)
		c->buf.n_data = (uint8_t)c->buf.size;
	h->hot_optlen = rng_chance(&g->r, 1, 2);
}

typedef void aim_fn(struct gen *, struct tcase *, struct half *, struct half *);
/* A row may stand twice: it is hit twice as often. SO_PEERGROUPS costs several microseconds a call. */
static aim_fn *const aims[] = {
	aim_unknown_get, aim_unknown_get, aim_unknown_get, aim_unknown_get, aim_memberships, aim_memberships,
	aim_memberships, aim_large_set,	  aim_large_set,   aim_badfd,	    aim_badfd,	     aim_null_optlen,
	aim_null_optlen, aim_retval,	  aim_retval,	   aim_bad_memory,  aim_bad_memory,  aim_peergroups,
	aim_uring,	 aim_uring,	  aim_compat,	   aim_zerocopy,    aim_zerocopy,    aim_zerocopy,
	aim_zerocopy,	 aim_peerpidfd,	  aim_helper,	   aim_overlap,	    aim_overlap,
};

static void count_half(struct gen *g, const struct half *h)
{
	bool set = h->hook == HOOK_SET;

	count(g, set ? DIM_LEFT_SET : DIM_LEFT_GET, h->last[KIND_OPTLEN]);
	count(g, set ? DIM_RETVAL_SET : DIM_RETVAL_GET, h->last[KIND_RETVAL]);
	count(g, set ? DIM_RETURN_SET : DIM_RETURN_GET, !h->returned_zero);
}

/*
 * What programs may rewrite level and optname to. They may rewrite one and not the other, so every mixture
 * must be harmless on the host; where it is not, they rewrite to a level that nobody has.
 */
static void choose_rewrite(struct gen *g, struct half *set)
{
	const struct option_info *o = pick_option(g, g->socket);
	const struct tc_call *c = set->call;

	set->other_level = o ? o->level : LEVEL_UNKNOWN;
	set->other_optname = o ? o->optname : c->optname;
	if (!option_host_safe(set->other_level, c->optname))
		set->other_level = LEVEL_UNKNOWN;
	if (!option_host_safe(c->level, set->other_optname))
		set->other_optname = c->optname;
	if (!option_host_safe(set->other_level, set->other_optname))
		set->other_level = LEVEL_UNKNOWN;
}

/* The part of a case that is the same for every kind of socket and option. */
static void frame(struct gen *g, struct tcase *tc)
{
	g->topology = g->bench ? BENCH_TOPOLOGY : rng_below(&g->r, TOPOLOGIES);
	g->socket = g->bench ? 0 : rng_below(&g->r, SOCK_ROWS + (g->unlocked ? SOCK_GUEST : 0));
	topology_apply(&topologies[g->topology], tc);
	tc->n_socks = 1;
	tc->n_calls = 2;
	tc->sock[0] = sock_rows[g->socket].sock;
	tc->sock[0].level = tc->n_levels;
	if (!g->bench && rng_chance(&g->r, 1, 16))
		tc->sock[0].level = (uint8_t)rng_below(&g->r, tc->n_levels + 1u);
}

void gen_case(struct gen *g, uint64_t index, struct tcase *tc)
{
	struct half set = {.hook = HOOK_SET, .call = &tc->call[0]},
		    get = {.hook = HOOK_GET, .call = &tc->call[1]};
	void (*programs)(struct gen *, struct half *, struct tcase *) =
		g->bench ? make_bench_programs : make_programs;

	rng_seed(&g->r, g->seed, index);
	frame(g, tc);
	make_call(g, &set, g->socket, g->bench ? 50 : 110);
	make_call(g, &get, g->socket, g->bench ? 50 : 90);
	if (rng_chance(&g->r, 2, 3)) { /* read what was set */
		get.call->level = set.call->level;
		get.call->optname = set.call->optname;
		get.info = set.info;
	}
	if (g->unlocked && rng_chance(&g->r, 1, 4))
		aim_short(g, rng_chance(&g->r, 3, 4) ? &set : &get);
	else if (!g->bench && rng_chance(&g->r, 1, 5))
		aims[rng_below(&g->r, sizeof(aims) / sizeof(aims[0]))](g, tc, &set, &get);
	choose_rewrite(g, &set);
	set_table(g, &set);
	set_table(g, &get);
	programs(g, &set, tc);
	programs(g, &get, tc);
	g->level = tc->sock[0].level;
	count(g, DIM_TOPOLOGY, g->topology);
	if (g->socket < SOCK_ROWS)
		count(g, DIM_SOCKET, g->socket);
	count(g, DIM_OPTION, class_of(set.info));
	count(g, DIM_VIA, set.call->via);
	count(g, DIM_VIA, get.call->via);
	count_half(g, &set);
	count_half(g, &get);
}
