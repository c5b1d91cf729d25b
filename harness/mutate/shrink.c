/* SPDX-License-Identifier: MIT */
/*
 * The tactics (bottom: the table), the measure that makes them end, and the loop. A tactic makes its i-th
 * candidate in place on a copy of the case; it need not know whether that is valid, new or smaller: the loop
 * asks. The tactics that edit a program's actions are the ones to read first if the results look too big.
 */
#include "shrink.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../case/options.h"

#define FILL	   0xa5	 /* the filler of `buf N` */
#define REMEMBERED 16384 /* candidates; a power of two */

/* What a tactic made of its copy. */
enum made {
	MADE,	   /* a candidate */
	MADE_SKIP, /* nothing for this i, but perhaps for the next */
	MADE_END,  /* no more */
};

/* ---- the measure ---- */

enum measure {
	M_EXPECT,
	M_CALLS,
	M_SLOTS,
	M_SOCKS,
	M_LEVELS,
	M_ACTS,
	M_RET,	      /* returns of 0 */
	M_MODE,	      /* programs that are not attached multi */
	M_SOCK,	      /* parts of sockets that are not AF_INET, SOCK_STREAM, 0, socket(2) */
	M_SOCK_LEVEL, /* levels between sockets and the leaf */
	M_SOCK_USE,   /* calls on others than the first socket */
	M_PLACE,      /* buffers that are not plain, optlen pointers that are NULL */
	M_DATA_LEN,
	M_SIZE,
	M_OPTLEN,
	M_DATA, /* bytes that are not 0 */
	M_FILL,
	M_OPTION,
	M_VALUE,
	M_OFF,
	M_COUNT,
};

static uint64_t magnitude(int32_t v)
{
	return (uint64_t)(v < 0 ? -(int64_t)v : v);
}

static uint64_t rank_optlen(const struct tc_call *c)
{
	if (c->optlen_null || (c->optlen >= 0 && (uint32_t)c->optlen == c->buf.size))
		return 0;
	return c->optlen == 4 ? 1 : c->optlen == 0 ? 2 : c->optlen == 1 ? 3 : 4 + magnitude(c->optlen);
}

static unsigned rank_option(const struct tc_call *c)
{
	if (c->level == SOL_IP && c->optname == IP_TOS)
		return 0;
	if (c->level == SOL_SOCKET && c->optname == SO_PRIORITY)
		return 1;
	return option_find(c->level, c->optname) ? 2 : level_name(c->level) ? 3 : 4;
}

static bool has_val(const struct act *a)
{
	return a->op != ACT_KEEP_RETVAL && a->op != ACT_RETURN;
}

static uint64_t rank_value(const struct tcase *tc, int32_t v)
{
	if (v == 0 || v == 1)
		return (uint64_t)v;
	if (v == -1)
		return 2;
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (!tc->call[i].optlen_null && tc->call[i].optlen == v)
			return 3;
	return 4 + magnitude(v);
}

static bool has_off(const struct act *a)
{
	return a->op == ACT_BYTES || (a->op == ACT_IF && a->field == FIELD_BYTE);
}

static void measure_prog(const struct tcase *tc, const struct tc_slot *s, uint64_t m[M_COUNT])
{
	m[M_SLOTS]++;
	m[M_ACTS] += s->prog.n;
	m[M_RET] += !s->prog.ret;
	m[M_MODE] += s->mode != MODE_MULTI;
	for (unsigned i = 0; i < s->prog.n; i++) {
		const struct act *a = &s->prog.act[i];

		m[M_RET] += a->op == ACT_RETURN && !a->val;
		m[M_VALUE] += has_val(a) ? rank_value(tc, a->val) : 0;
		m[M_OFF] += has_off(a) ? a->off : 0;
	}
}

static void measure_call(const struct tc_call *c, uint64_t m[M_COUNT])
{
	const struct tc_buf *b = &c->buf;

	m[M_EXPECT] += c->expect.has_ret + c->expect.has_optlen + c->expect.n_bytes;
	m[M_SOCK_USE] += c->sock;
	m[M_PLACE] += b->place + (c->optlen_null ? BUF_PLACE_COUNT : 0);
	m[M_DATA_LEN] += b->n_data;
	m[M_SIZE] += b->size;
	m[M_OPTLEN] += rank_optlen(c);
	for (unsigned i = 0; i < b->n_data; i++)
		m[M_DATA] += b->data[i] != 0;
	m[M_FILL] += b->size > b->n_data && b->fill != FILL;
	m[M_OPTION] += rank_option(c);
}

static void measure(const struct tcase *tc, uint64_t m[M_COUNT])
{
	memset(m, 0, M_COUNT * sizeof(m[0]));
	m[M_CALLS] = tc->n_calls;
	m[M_SOCKS] = tc->n_socks;
	m[M_LEVELS] = tc->n_levels;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				measure_prog(tc, &tc->level[l].slot[h][s], m);
	for (unsigned i = 0; i < tc->n_socks; i++) {
		const struct tc_sock *s = &tc->sock[i];

		m[M_SOCK] += (s->route != ROUTE_SOCKET) + (s->family != AF_INET) + (s->type != SOCK_STREAM) +
			     (s->protocol != 0);
		m[M_SOCK_LEVEL] += (unsigned)(tc->n_levels - s->level);
	}
	for (unsigned i = 0; i < tc->n_calls; i++)
		measure_call(&tc->call[i], m);
}

static bool simpler(const uint64_t a[M_COUNT], const uint64_t b[M_COUNT])
{
	for (unsigned i = 0; i < M_COUNT; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* ---- what was tried: a hash of every part that counts ---- */

static void mix(uint64_t *h, uint64_t v)
{
	*h = (*h ^ v) * 0x9e3779b97f4a7c15ull;
	*h ^= *h >> 29;
}

static void hash_prog(const struct tc_slot *s, uint64_t *h)
{
	mix(h, s->mode | s->prog.n << 8 | s->prog.ret << 16);
	for (unsigned i = 0; i < s->prog.n; i++) {
		const struct act *a = &s->prog.act[i];

		mix(h, a->op | a->field << 8 | a->cmp << 16 | (uint64_t)a->n << 24 | (uint64_t)a->off << 32);
		mix(h, (uint32_t)a->val);
	}
}

static void hash_call(const struct tc_call *c, uint64_t *h)
{
	const struct tc_expect *e = &c->expect;

	mix(h, c->hook | c->sock << 8 | c->optlen_null << 16 | (uint64_t)(uint32_t)c->optlen << 32);
	mix(h, (uint32_t)c->level | (uint64_t)(uint32_t)c->optname << 32);
	mix(h, c->buf.place | c->buf.n_data << 8 | c->buf.fill << 16 | (uint64_t)c->buf.size << 32);
	for (unsigned i = 0; i < c->buf.n_data; i++)
		mix(h, c->buf.data[i]);
	mix(h, e->has_ret | e->has_optlen << 1 | e->n_bytes << 8 | (uint64_t)(uint32_t)e->optlen << 32);
	mix(h, (uint64_t)e->ret);
}

static uint64_t hash_case(const struct tcase *tc)
{
	uint64_t h = tc->n_levels | tc->n_socks << 8 | tc->n_calls << 16;

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned k = 0; k < HOOK_COUNT; k++) {
			mix(&h, tc->level[l].n[k]);
			for (unsigned s = 0; s < tc->level[l].n[k]; s++)
				hash_prog(&tc->level[l].slot[k][s], &h);
		}
	for (unsigned i = 0; i < tc->n_socks; i++) {
		const struct tc_sock *s = &tc->sock[i];

		mix(&h, s->route | s->level << 8 | s->family << 16 | (uint64_t)s->type << 32 |
				(uint64_t)s->protocol << 48);
	}
	for (unsigned i = 0; i < tc->n_calls; i++)
		hash_call(&tc->call[i], &h);
	return h ? h : 1;
}

/* ---- helpers of the tactics ---- */

static struct tc_slot *slot_at(struct tcase *tc, unsigned i)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			if (i < tc->level[l].n[h])
				return &tc->level[l].slot[h][i];
			i -= tc->level[l].n[h];
		}
	return NULL;
}

/* The i-th action of all programs, its program and place; NULL past the last. */
static struct act *act_at(struct tcase *tc, unsigned i, struct prog **prog, unsigned *pos)
{
	struct tc_slot *s;

	for (unsigned k = 0; (s = slot_at(tc, k)); k++) {
		if (i < s->prog.n) {
			*prog = &s->prog;
			*pos = i;
			return &s->prog.act[i];
		}
		i -= s->prog.n;
	}
	return NULL;
}

/* Takes act[from .. from + n) out; an if loses from its count what its block loses. */
static void prog_cut(struct prog *p, unsigned from, unsigned n)
{
	for (unsigned j = 0; j < from; j++) {
		unsigned end = j + 1u + p->act[j].n, hi = from + n < end ? from + n : end;

		if (p->act[j].op == ACT_IF && hi > from)
			p->act[j].n = (uint8_t)(p->act[j].n - (hi - from));
	}
	memmove(&p->act[from], &p->act[from + n], (p->n - from - n) * sizeof(p->act[0]));
	p->n -= n;
}

static void drop_slots(struct tc_level *l, unsigned h, unsigned from, unsigned n)
{
	memmove(&l->slot[h][from], &l->slot[h][from + n], (l->n[h] - from - n) * sizeof(l->slot[h][0]));
	l->n[h] = (uint8_t)(l->n[h] - n);
}

/* How many steps towards 0 there are at most: all the way, half of it, a quarter ... down to one. */
#define STEPS 33

/* The v-th step of a number towards 0; false if there is none. */
static bool step(int64_t *x, unsigned v)
{
	uint64_t size = (uint64_t)(*x < 0 ? -*x : *x), d = v < 64 ? size >> v : 0;

	if (!d)
		return false;
	*x += *x < 0 ? (int64_t)d : -(int64_t)d;
	return true;
}

/* ---- the tactics ---- */

static enum made t_expect(struct tcase *tc, unsigned i)
{
	if (i > tc->n_calls)
		return MADE_END;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (i == 0 || i - 1 == c)
			memset(&tc->call[c].expect, 0, sizeof(tc->call[c].expect));
	return MADE;
}

static enum made t_half(struct tcase *tc, unsigned i)
{
	unsigned half = tc->n_calls / 2u;

	if (i > 1 || !half)
		return MADE_END;
	if (i == 1)
		memmove(tc->call, tc->call + half, (tc->n_calls - half) * sizeof(tc->call[0]));
	tc->n_calls = (uint8_t)(tc->n_calls - half);
	return MADE;
}

static enum made t_call(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_calls)
		return MADE_END;
	i = tc->n_calls - 1 - i; /* later calls are the likelier chaff: the first difference ends a run */
	memmove(tc->call + i, tc->call + i + 1, (tc->n_calls - i - 1) * sizeof(tc->call[0]));
	tc->n_calls--;
	return MADE;
}

static enum made t_slots(struct tcase *tc, unsigned i)
{
	if (i < HOOK_COUNT) {
		for (unsigned l = 0; l < tc->n_levels; l++)
			tc->level[l].n[i] = 0;
		return MADE;
	}
	i -= HOOK_COUNT;
	if (i < tc->n_levels * 2u) {
		tc->level[i / 2].n[i % 2] = 0;
		return MADE;
	}
	i -= tc->n_levels * 2u;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			if (i < tc->level[l].n[h]) {
				drop_slots(&tc->level[l], h, i, 1);
				return MADE;
			}
			i -= tc->level[l].n[h];
		}
	return MADE_END;
}

static enum made t_sock(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_socks)
		return MADE_END;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].sock == i)
			return MADE_SKIP;
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].sock != TC_SOCK_BAD && tc->call[c].sock > i)
			tc->call[c].sock--;
	memmove(tc->sock + i, tc->sock + i + 1, (tc->n_socks - i - 1) * sizeof(tc->sock[0]));
	tc->n_socks--;
	return MADE;
}

/* A level with all it holds; its sockets move up, those of the top level down. */
static enum made t_level(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_levels || tc->n_levels < 2)
		return MADE_END;
	memmove(tc->level + i, tc->level + i + 1, (tc->n_levels - i - 1) * sizeof(tc->level[0]));
	tc->n_levels--;
	for (unsigned s = 0; s < tc->n_socks; s++)
		if (tc->sock[s].level > 1 && tc->sock[s].level > i)
			tc->sock[s].level--;
	return MADE;
}

static enum made t_empty(struct tcase *tc, unsigned i)
{
	struct tc_slot *s = slot_at(tc, i / 2);

	if (!s)
		return MADE_END;
	s->prog.n = 0;
	if (i % 2 == 0)
		s->prog.ret = 1;
	return MADE;
}

static enum made t_act(struct tcase *tc, unsigned i)
{
	struct prog *p;
	unsigned pos;
	struct act *a = act_at(tc, i / 4, &p, &pos);

	if (!a)
		return MADE_END;
	switch (i % 4) {
	case 0: /* this one and all behind it */
		prog_cut(p, pos, p->n - pos);
		return MADE;
	case 1: /* a return outside of blocks is the program's end */
		if (a->op != ACT_RETURN)
			return MADE_SKIP;
		p->ret = (uint32_t)a->val;
		prog_cut(p, pos, p->n - pos);
		return MADE;
	case 2: /* an if with its block */
		if (a->op != ACT_IF)
			return MADE_SKIP;
		prog_cut(p, pos, 1u + a->n);
		return MADE;
	}
	prog_cut(p, pos, 1);
	return MADE;
}

static enum made t_ret(struct tcase *tc, unsigned i)
{
	struct tc_slot *s = slot_at(tc, i);
	struct prog *p;
	unsigned pos, k = 0;
	struct act *a;

	if (s) {
		s->prog.ret = 1;
		return MADE;
	}
	while (slot_at(tc, k))
		k++;
	a = act_at(tc, i - k, &p, &pos);
	if (!a)
		return MADE_END;
	if (a->op != ACT_RETURN)
		return MADE_SKIP;
	a->val = 1;
	return MADE;
}

static enum made t_mode(struct tcase *tc, unsigned i)
{
	if (i > tc->n_levels * 2u)
		return MADE_END;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				if (i == 0 || i - 1 == l * 2 + h)
					tc->level[l].slot[h][s].mode = MODE_MULTI;
	return MADE;
}

static enum made t_inet(struct tcase *tc, unsigned i)
{
	struct tc_sock *s = &tc->sock[i / 5 % TC_MAX_SOCKS];

	if (i / 5 >= tc->n_socks)
		return MADE_END;
	if (i % 5 == 0 || i % 5 == 1)
		s->family = AF_INET;
	if (i % 5 == 0 || i % 5 == 2)
		s->type = SOCK_STREAM;
	if (i % 5 == 0 || i % 5 == 3)
		s->protocol = 0;
	if (i % 5 == 0 || i % 5 == 4)
		s->route = ROUTE_SOCKET;
	return MADE;
}

static enum made t_leaf(struct tcase *tc, unsigned i)
{
	unsigned up = i % TC_MAX_LEVELS;

	if (i / TC_MAX_LEVELS >= tc->n_socks)
		return MADE_END;
	if (up >= tc->n_levels)
		return MADE_SKIP;
	tc->sock[i / TC_MAX_LEVELS].level = (uint8_t)(tc->n_levels - up);
	return MADE;
}

static enum made t_sock_use(struct tcase *tc, unsigned i)
{
	if (i / TC_MAX_SOCKS >= tc->n_calls)
		return MADE_END;
	tc->call[i / TC_MAX_SOCKS].sock = i % TC_MAX_SOCKS;
	return MADE;
}

static enum made t_place(struct tcase *tc, unsigned i)
{
	struct tc_call *c = &tc->call[i / 3 % TC_MAX_CALLS];

	if (i / 3 >= tc->n_calls)
		return MADE_END;
	if (i % 3 == 0) {
		c->optlen = c->optlen_null ? (int32_t)c->buf.size : c->optlen;
		c->optlen_null = false;
	} else {
		if (i % 3 == 1 && c->buf.place == BUF_NULL)
			c->buf.size = c->optlen > 0 ? (uint32_t)c->optlen : 0;
		c->buf.place = BUF_PLAIN;
	}
	return MADE;
}

static enum made t_data_len(struct tcase *tc, unsigned i)
{
	struct tc_buf *b = &tc->call[i / STEPS % TC_MAX_CALLS].buf;
	int64_t n = b->n_data;

	if (i / STEPS >= tc->n_calls)
		return MADE_END;
	if (!step(&n, i % STEPS))
		return MADE_SKIP;
	b->n_data = (uint8_t)n;
	return MADE;
}

/* First to the declared length; then smaller, where an optlen that is the size stays the size. */
static enum made t_size(struct tcase *tc, unsigned i)
{
	struct tc_call *c = &tc->call[i / (STEPS + 1) % TC_MAX_CALLS];
	int64_t size = c->buf.size;
	bool follows = c->optlen == size;

	if (i / (STEPS + 1) >= tc->n_calls)
		return MADE_END;
	if (i % (STEPS + 1) == 0)
		size = c->optlen > 0 ? c->optlen : 0;
	else if (!step(&size, i % (STEPS + 1) - 1))
		return MADE_SKIP;
	if (size > c->buf.size)
		return MADE_SKIP;
	c->buf.size = (uint32_t)size;
	if (c->buf.n_data > size)
		c->buf.n_data = (uint8_t)size;
	if (follows)
		c->optlen = (int32_t)size;
	return MADE;
}

static enum made t_optlen(struct tcase *tc, unsigned i)
{
	static const int32_t plain[] = {0 /* the size */, 4, 0, 1};
	struct tc_call *c = &tc->call[i / (STEPS + 4) % TC_MAX_CALLS];
	unsigned v = i % (STEPS + 4);
	int64_t n = c->optlen;

	if (i / (STEPS + 4) >= tc->n_calls)
		return MADE_END;
	if (v < 4)
		n = v ? (int64_t)plain[v] : (int64_t)c->buf.size;
	else if (!step(&n, v - 4))
		return MADE_SKIP;
	c->optlen = (int32_t)n;
	return MADE;
}

static enum made t_data(struct tcase *tc, unsigned i)
{
	struct tc_buf *b = &tc->call[i / 17 % TC_MAX_CALLS].buf;
	unsigned v = i % 17;

	if (i / 17 >= tc->n_calls)
		return MADE_END;
	if (v == 0)
		memset(b->data, 0, b->n_data);
	else
		b->data[v - 1] = 0;
	return MADE;
}

static enum made t_fill(struct tcase *tc, unsigned i)
{
	if (i >= tc->n_calls)
		return MADE_END;
	tc->call[i].buf.fill = FILL;
	return MADE;
}

/* One call's option; or everywhere where it is named, programs too, so that conditions on it stay true. */
static void rename_option(struct tcase *tc, const struct tc_call *from, int32_t level, int32_t optname)
{
	const int32_t old_level = from->level, old_optname = from->optname;
	struct prog *p;
	unsigned pos;
	struct act *a;

	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].level == old_level && tc->call[i].optname == old_optname) {
			tc->call[i].level = level;
			tc->call[i].optname = optname;
		}
	for (unsigned i = 0; (a = act_at(tc, i, &p, &pos)); i++) {
		bool cond = a->op == ACT_IF;

		if ((a->op == ACT_LEVEL || (cond && a->field == FIELD_LEVEL)) && a->val == old_level)
			a->val = level;
		if ((a->op == ACT_OPTNAME || (cond && a->field == FIELD_OPTNAME)) && a->val == old_optname)
			a->val = optname;
	}
}

static enum made t_option(struct tcase *tc, unsigned i)
{
	static const struct {
		int32_t level, optname;
		bool keeps; /* the call's optname */
	} to[] = {
		{SOL_IP, IP_TOS, false},
		{SOL_SOCKET, SO_PRIORITY, false},
		{SOL_IP, 0, true},
		{SOL_SOCKET, 0, true},
	};
	struct tc_call *c = &tc->call[i / 8 % TC_MAX_CALLS];
	unsigned v = i % 8 / 2;
	int32_t optname = to[v].keeps ? c->optname : to[v].optname;

	if (i / 8 >= tc->n_calls)
		return MADE_END;
	if (i % 2 == 0) {
		rename_option(tc, c, to[v].level, optname);
	} else {
		c->level = to[v].level;
		c->optname = optname;
	}
	return MADE;
}

static enum made t_value(struct tcase *tc, unsigned i)
{
	static const int32_t plain[] = {0, 1, -1};
	unsigned v = i % (3 + TC_MAX_CALLS + STEPS), pos;
	struct prog *p;
	struct act *a = act_at(tc, i / (3 + TC_MAX_CALLS + STEPS), &p, &pos);
	int64_t n;

	if (!a)
		return MADE_END;
	if (!has_val(a))
		return MADE_SKIP;
	n = a->val;
	if (v < 3)
		n = plain[v];
	else if (v < 3 + TC_MAX_CALLS) {
		if (v - 3 >= tc->n_calls)
			return MADE_SKIP;
		n = tc->call[v - 3].optlen;
	} else if (!step(&n, v - 3 - TC_MAX_CALLS)) {
		return MADE_SKIP;
	}
	a->val = (int32_t)n;
	return MADE;
}

static enum made t_off(struct tcase *tc, unsigned i)
{
	struct prog *p;
	unsigned pos;
	struct act *a = act_at(tc, i / STEPS, &p, &pos);
	int64_t n;

	if (!a)
		return MADE_END;
	n = a->off;
	if (!has_off(a) || !step(&n, i % STEPS))
		return MADE_SKIP;
	a->off = (uint32_t)n;
	return MADE;
}

/* clang-format off */
static const struct {
	const char *name;
	enum made (*make)(struct tcase *tc, unsigned i);
} tactics[] = {
	{"drop expectations", t_expect},
	{"drop half of the calls", t_half},
	{"drop a call", t_call},
	{"drop programs", t_slots},
	{"drop a socket", t_sock},
	{"drop a level", t_level},
	{"empty a program", t_empty},
	{"drop actions", t_act},
	{"return 1", t_ret},
	{"attach multi", t_mode},
	{"plain socket", t_inet},
	{"socket in the leaf", t_leaf},
	{"call on an earlier socket", t_sock_use},
	{"plain buffer", t_place},
	{"fewer bytes", t_data_len},
	{"smaller buffer", t_size},
	{"simpler optlen", t_optlen},
	{"zero bytes", t_data},
	{"plain filler", t_fill},
	{"simpler option", t_option},
	{"simpler value", t_value},
	{"smaller offset", t_off},
};
/* clang-format on */
#define TACTICS (sizeof(tactics) / sizeof(tactics[0]))

const char *shrink_tactic(unsigned i)
{
	return i < TACTICS ? tactics[i].name : NULL;
}

/* ---- the loop ---- */

struct shrinker {
	bool (*still)(const struct tcase *tc, void *arg);
	void *arg;
	unsigned max_calls, max_ms, n, k, calls;
	struct timespec start;
	bool spent;		   /* the calls or the time are used up */
	uint64_t measure[M_COUNT]; /* of cur */
	struct tcase cur, cand;
	uint64_t tried[REMEMBERED]; /* by the hash's low bits; a later one replaces an earlier */
};

static bool in_budget(struct shrinker *sh)
{
	struct timespec now;
	int64_t ms = 0;

	if (sh->max_ms) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms = (int64_t)(now.tv_sec - sh->start.tv_sec) * 1000 +
		     (now.tv_nsec - sh->start.tv_nsec) / 1000000;
	}
	sh->spent |= sh->calls >= sh->max_calls || (sh->max_ms && ms >= sh->max_ms);
	return !sh->spent;
}

/* k of n */
static bool holds(struct shrinker *sh)
{
	for (unsigned run = 0, yes = 0; run < sh->n && yes + sh->n - run >= sh->k; run++) {
		if (!in_budget(sh))
			return false;
		sh->calls++;
		yes += sh->still(&sh->cand, sh->arg);
		if (yes == sh->k)
			return true;
	}
	return false;
}

/* Is cand worth a call, and does the predicate hold for it? Then it becomes cur. */
static bool take(struct shrinker *sh)
{
	uint64_t m[M_COUNT], h;

	if (tcase_check(&sh->cand))
		return false;
	measure(&sh->cand, m);
	if (!simpler(m, sh->measure))
		return false;
	h = hash_case(&sh->cand);
	if (sh->tried[h % REMEMBERED] == h)
		return false;
	sh->tried[h % REMEMBERED] = h;
	if (!holds(sh))
		return false;
	sh->cur = sh->cand;
	memcpy(sh->measure, m, sizeof(m));
	return true;
}

/* The first tactic, in order, that makes the case smaller, or TACTICS. */
static unsigned improve(struct shrinker *sh)
{
	for (unsigned t = 0; t < TACTICS; t++)
		for (unsigned i = 0; !sh->spent; i++) {
			enum made made;

			sh->cand = sh->cur;
			made = tactics[t].make(&sh->cand, i);
			if (made == MADE_END)
				break;
			if (made == MADE && take(sh))
				return t;
		}
	return TACTICS;
}

unsigned shrink(struct tcase *tc, bool (*still)(const struct tcase *tc, void *arg), void *arg,
		const struct shrink_opts *opts)
{
	static const struct shrink_opts none;
	struct shrinker *sh = calloc(1, sizeof(*sh));
	unsigned t, calls;

	if (!sh)
		return 0;
	if (!opts)
		opts = &none;
	sh->still = still;
	sh->arg = arg;
	sh->max_calls = opts->max_calls ? opts->max_calls : SHRINK_CALLS;
	sh->max_ms = opts->max_ms;
	sh->n = opts->n ? opts->n : 1;
	sh->k = opts->k < 1 ? 1 : opts->k > sh->n ? sh->n : opts->k;
	clock_gettime(CLOCK_MONOTONIC, &sh->start);
	sh->cur = *tc;
	measure(&sh->cur, sh->measure);
	while ((t = improve(sh)) < TACTICS)
		if (opts->progress)
			opts->progress(&sh->cur, tactics[t].name, sh->calls, arg);
	*tc = sh->cur;
	calls = sh->calls;
	free(sh);
	return calls;
}
