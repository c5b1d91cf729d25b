/* SPDX-License-Identifier: MIT */
#include "tree_bin.h"

#include <string.h>

#include "../base/names.h"
#include "bin_parts.h"

#define KNOWN                                                                                                \
	((uint32_t)(TREE_F_OVERRIDE | TREE_F_MULTI | TREE_F_REPLACE | TREE_F_BEFORE | TREE_F_AFTER |         \
		    TREE_F_ID | TREE_F_PREORDER | TREE_F_LINK))

enum { LATER = 0x20, EXPECTS = 0x10, WIDE = 0x80 };
enum { O_PREORDER = 4, O_BEFORE = 8, O_AFTER = 16, O_REPLACE = 32, O_SET = 64, O_MORE = 128 };
enum { M_ID = 4, M_REVISION = 8, M_FLAGS = 16 };
enum { Q_SET = 1, Q_EFFECTIVE = 2, Q_ARRAY = 4, Q_ROOM = 8 };
enum { E_RET = 1, E_IDS = 2, E_FLAGS = 4, E_COUNT = 8, E_REVISION = 16 };

/* ---- writing ---- */

static void put_or(struct bin_out *o, uint8_t i, uint8_t none)
{
	bin_put(o, i == TREE_NONE ? none : i);
}

static void put_options(struct bin_out *o, const struct tree_step *s)
{
	uint32_t f = s->flags;
	unsigned more = s->anchor | (f & TREE_F_ID ? M_ID : 0u) | (s->revision ? M_REVISION : 0u) |
			(f & ~KNOWN ? M_FLAGS : 0u);

	bin_put(o, (f & (TREE_F_OVERRIDE | TREE_F_MULTI)) | (f & TREE_F_PREORDER ? O_PREORDER : 0u) |
			   (f & TREE_F_BEFORE ? O_BEFORE : 0u) | (f & TREE_F_AFTER ? O_AFTER : 0u) |
			   (f & TREE_F_REPLACE ? O_REPLACE : 0u) |
			   (s->op != TREE_LINK && s->hook == HOOK_SET ? O_SET : 0u) | (more ? O_MORE : 0u));
	if (s->op == TREE_ATTACH && f & TREE_F_REPLACE)
		bin_put(o, s->other);
	if (!more)
		return;
	bin_put(o, more);
	if (s->anchor)
		bin_put(o, s->at);
	if (more & M_REVISION)
		bin_put_int(o, (int32_t)s->revision);
	if (more & M_FLAGS)
		bin_put_le(o, f & ~KNOWN, 4);
}

static void put_sock(struct bin_out *o, const struct tree *t, const struct tree_sock *k)
{
	unsigned kind = bin_kind(k->family, k->type, k->protocol);

	bin_put(o, kind | (unsigned)k->route << 4);
	if (kind == BIN_KIND_RAW) {
		bin_put_le(o, k->family, 2);
		bin_put_le(o, k->type, 2);
		bin_put_le(o, k->protocol, 2);
	}
	put_or(o, k->cg, t->n_cgroups);
	if (k->route != ROUTE_ACCEPT)
		return;
	put_or(o, k->connector, t->n_cgroups);
	put_or(o, k->acceptor, t->n_cgroups);
}

static void put_query(struct bin_out *o, const struct tree_step *s)
{
	bin_put(o, s->cg);
	bin_put(o, (s->hook == HOOK_SET ? Q_SET : 0u) | (s->effective ? Q_EFFECTIVE : 0u) |
			   (s->array ? Q_ARRAY : 0u) | (s->room != TREE_MAX_ROOM ? Q_ROOM : 0u));
	if (s->room != TREE_MAX_ROOM)
		bin_put(o, s->room);
}

static unsigned expected(const struct tree_step *s)
{
	const struct tree_answer *a = &s->answer;

	return (s->has_ret ? E_RET : 0u) | (a->has_ids ? E_IDS : 0u) | (a->has_flags ? E_FLAGS : 0u) |
	       (a->has_count ? E_COUNT : 0u) | (a->has_revision ? E_REVISION : 0u);
}

static void put_expectation(struct bin_out *o, const struct tree_step *s)
{
	const struct tree_answer *a = &s->answer;
	unsigned what = expected(s);

	bin_put(o, what);
	if (what & E_RET)
		bin_put_int(o, s->ret);
	if (what & E_IDS) {
		bin_put(o, a->n_ids);
		for (unsigned i = 0; i < a->n_ids; i++)
			bin_put(o, a->ids[i]);
	}
	if (what & E_FLAGS)
		bin_put_int(o, (int32_t)a->flags);
	if (what & E_COUNT)
		bin_put_int(o, (int32_t)a->count);
	if (what & E_REVISION)
		bin_put_int(o, (int32_t)a->revision);
}

static void put_step(struct bin_out *o, const struct tree *t, const struct tree_step *s)
{
	bool expects = s->op != TREE_CALL && expected(s);

	bin_put(o, s->op | (expects ? EXPECTS : 0u));
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
	case TREE_LINK:
	case TREE_DETACH:
		bin_put(o, s->cg);
		put_or(o, s->prog, t->n_progs);
		put_options(o, s);
		break;
	case TREE_UPDATE:
		bin_put(o, s->link);
		bin_put(o, s->prog);
		put_or(o, s->other, t->n_progs);
		break;
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
		bin_put(o, s->link);
		break;
	case TREE_QUERY:
		put_query(o, s);
		break;
	case TREE_MKDIR:
	case TREE_RMDIR:
	case TREE_MOVE:
		put_or(o, s->cg, t->n_cgroups);
		break;
	case TREE_SOCKET:
		put_sock(o, t, &t->sock[s->sock]);
		break;
	case TREE_CLOSE_SOCK:
		bin_put(o, s->sock);
		break;
	case TREE_CALL:
		bin_put_call(o, &t->call[s->call]);
		break;
	case TREE_OP_COUNT:
		break;
	}
	if (expects)
		put_expectation(o, s);
}

size_t tree_bin_encode(const struct tree *t, uint8_t *out, size_t cap)
{
	struct bin_out o = {.p = out, .cap = cap};

	for (unsigned i = 0; i < t->n_progs; i++)
		o.wide |= prog_returns_2(&t->prog[i].prog);
	bin_put(&o, TREE_BIN_VERSION);
	bin_put(&o, (t->n_cgroups - 1u) | (o.wide ? WIDE : 0u));
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		const struct tree_cgroup *c = &t->cgroup[i];

		bin_put(&o, (c->parent == TREE_NONE ? 0u : 1u + c->parent) | (c->later ? LATER : 0u));
		bin_put(&o, (unsigned)(c->name - 'a'));
	}
	bin_put(&o, t->n_progs);
	for (unsigned i = 0; i < t->n_progs; i++) {
		bin_put(&o, t->prog[i].hook);
		bin_put_prog(&o, &t->prog[i].prog);
	}
	bin_put(&o, t->n_steps);
	for (unsigned i = 0; i < t->n_steps; i++)
		put_step(&o, t, &t->step[i]);
	return o.full ? 0 : o.n;
}

/* ---- reading ---- */

static uint8_t get_below(struct cursor *c, unsigned n)
{
	unsigned b = cursor_u8(c);

	return n ? (uint8_t)(b % n) : 0;
}

/* One of n, or none. */
static uint8_t get_or(struct cursor *c, unsigned n)
{
	uint8_t i = get_below(c, n + 1);

	return i == n ? TREE_NONE : i;
}

/* A name that no other child has; a parent that is not too deep. */
static void get_cgroup(struct cursor *c, struct tree *t, unsigned i)
{
	unsigned b = cursor_u8(c), name = cursor_u8(c) % 26u, parent = (b & 0x1f) % (i + 1);
	struct tree_cgroup *g = &t->cgroup[i];

	*g = (struct tree_cgroup){.parent = parent ? (uint8_t)(parent - 1) : TREE_NONE, .later = b & LATER};
	t->n_cgroups = (uint8_t)i;
	if (tree_depth(t, g->parent) == TREE_MAX_DEPTH)
		g->parent = TREE_NONE;
	while (tree_find(t, g->parent, (char)('a' + name)) != TREE_NONE)
		name = (name + 1) % 26u;
	g->name = (char)('a' + name);
	g->later = i && (g->later || t->cgroup[i - 1].later);
	t->n_cgroups = (uint8_t)(i + 1);
}

static void get_options(struct cursor *c, const struct tree *t, struct tree_step *s)
{
	unsigned b = cursor_u8(c), more;

	s->flags = (b & (TREE_F_OVERRIDE | TREE_F_MULTI)) | (b & O_PREORDER ? TREE_F_PREORDER : 0u) |
		   (b & O_BEFORE ? TREE_F_BEFORE : 0u) | (b & O_AFTER ? TREE_F_AFTER : 0u) |
		   (b & O_REPLACE ? TREE_F_REPLACE : 0u);
	if (s->op == TREE_LINK)
		s->hook = s->prog < t->n_progs ? t->prog[s->prog].hook : 0;
	else
		s->hook = b & O_SET ? HOOK_SET : HOOK_GET;
	if (s->op == TREE_ATTACH && b & O_REPLACE)
		s->other = get_below(c, t->n_progs);
	more = b & O_MORE ? cursor_u8(c) : 0u;
	s->anchor = (uint8_t)((more & 3) % 3);
	if (s->anchor)
		s->at = get_below(c, s->anchor == ANCHOR_LINK ? t->n_links : t->n_progs);
	s->flags |= s->anchor == ANCHOR_LINK ? TREE_F_LINK : 0u;
	s->flags |= s->anchor && more & M_ID ? TREE_F_ID : 0u;
	if (more & M_REVISION)
		s->revision = (uint32_t)bin_get_int(c);
	if (more & M_FLAGS)
		s->flags |= cursor_u32(c) & ~KNOWN;
}

static void get_sock(struct cursor *c, const struct tree *t, struct tree_sock *k)
{
	unsigned b = cursor_u8(c);

	*k = (struct tree_sock){.route = (uint8_t)((b >> 4) % TREE_ROUTE_COUNT),
				.connector = TREE_NONE,
				.acceptor = TREE_NONE};
	if ((b & 15) == BIN_KIND_RAW) {
		k->family = cursor_u16(c);
		k->type = cursor_u16(c);
		k->protocol = cursor_u16(c);
	} else {
		bin_kind_of(b & 15, &k->family, &k->type, &k->protocol);
	}
	k->cg = get_or(c, t->n_cgroups);
	if (k->route != ROUTE_ACCEPT)
		return;
	k->connector = get_or(c, t->n_cgroups);
	k->acceptor = get_or(c, t->n_cgroups);
}

static void get_query(struct cursor *c, const struct tree *t, struct tree_step *s)
{
	unsigned b;

	s->cg = get_below(c, t->n_cgroups);
	b = cursor_u8(c);
	s->hook = b & Q_SET ? HOOK_SET : HOOK_GET;
	s->effective = b & Q_EFFECTIVE;
	s->array = b & Q_ARRAY;
	if (b & Q_ROOM)
		s->room = get_below(c, TREE_MAX_ROOM + 1);
}

/* 0, or an errno that has a name. */
static int32_t get_ret(struct cursor *c)
{
	int32_t ret = bin_get_int(c);

	return ret < 0 && ret > -4096 && errno_name(-ret) ? ret : 0;
}

/* Of operations that are no query, only the result. */
static void get_expectation(struct cursor *c, const struct tree *t, struct tree_step *s)
{
	unsigned what = cursor_u8(c);
	struct tree_answer a = {.has_ids = what & E_IDS,
				.has_flags = what & E_FLAGS,
				.has_count = what & E_COUNT,
				.has_revision = what & E_REVISION};

	s->has_ret = what & E_RET;
	if (s->has_ret)
		s->ret = get_ret(c);
	if (a.has_ids) {
		a.n_ids = get_below(c, TREE_MAX_IDS + 1);
		for (unsigned i = 0; i < a.n_ids; i++)
			a.ids[i] = get_below(c, t->n_progs);
	}
	if (a.has_flags)
		a.flags = (uint32_t)bin_get_int(c);
	if (a.has_count)
		a.count = (uint32_t)bin_get_int(c);
	if (a.has_revision)
		a.revision = (uint32_t)bin_get_int(c);
	if (s->op == TREE_QUERY)
		s->answer = a;
}

/* A step but for what it puts in the tables: what it makes has the next number. */
static void get_step(struct cursor *c, const struct tree *t, struct tree_step *s)
{
	unsigned b = cursor_u8(c);

	*s = tree_step((enum tree_op)((b & 15) % TREE_OP_COUNT));
	switch ((enum tree_op)s->op) {
	case TREE_ATTACH:
	case TREE_LINK:
	case TREE_DETACH:
		s->cg = get_below(c, t->n_cgroups);
		s->prog = s->op == TREE_DETACH ? get_or(c, t->n_progs) : get_below(c, t->n_progs);
		get_options(c, t, s);
		s->link = s->op == TREE_LINK ? t->n_links : 0;
		break;
	case TREE_UPDATE:
		s->link = get_below(c, t->n_links);
		s->prog = get_below(c, t->n_progs);
		s->other = get_or(c, t->n_progs);
		break;
	case TREE_LINK_DETACH:
	case TREE_CLOSE_LINK:
		s->link = get_below(c, t->n_links);
		break;
	case TREE_QUERY:
		get_query(c, t, s);
		break;
	case TREE_MKDIR:
	case TREE_RMDIR:
		s->cg = get_below(c, t->n_cgroups);
		break;
	case TREE_MOVE:
		s->cg = get_or(c, t->n_cgroups);
		break;
	case TREE_SOCKET:
		s->sock = t->n_socks;
		break;
	case TREE_CLOSE_SOCK:
		s->sock = get_below(c, t->n_socks);
		break;
	case TREE_CALL:
		s->call = t->n_calls;
		break;
	case TREE_OP_COUNT:
		break;
	}
	if (s->op == TREE_CALL || s->op == TREE_SOCKET)
		return; /* the rest stands in tables of the case */
	if (b & EXPECTS)
		get_expectation(c, t, s);
}

/* One step, with what it puts in the tables; a step that cannot stand leaves no trace. */
static void take_step(struct cursor *c, struct tree *t)
{
	static struct tc_call call; /* read even if there is no room for it */
	bool expects = c->p < c->end && *c->p & EXPECTS, fits = true;
	struct tree_sock k;
	struct tree_step s;

	get_step(c, t, &s);
	if (s.op == TREE_CALL) {
		bin_get_call(c, &call, t->n_socks);
		fits = t->n_calls < TREE_MAX_CALLS;
		if (fits)
			t->call[t->n_calls++] = call;
	} else if (s.op == TREE_SOCKET) {
		get_sock(c, t, &k);
		if (expects)
			get_expectation(c, t, &s);
		fits = t->n_socks < TREE_MAX_SOCKS;
		if (fits)
			t->sock[t->n_socks++] = k;
	} else if (s.op == TREE_LINK) {
		fits = t->n_links < TREE_MAX_LINKS;
		t->n_links += fits;
	}
	if (!fits)
		return;
	t->step[t->n_steps++] = s;
	if (!tree_check_part(t))
		return;
	t->n_steps--;
	t->n_links -= s.op == TREE_LINK;
	t->n_calls -= s.op == TREE_CALL;
	t->n_socks -= s.op == TREE_SOCKET;
}

static void shift(uint8_t *cg, unsigned i)
{
	*cg -= *cg != TREE_NONE && *cg > i;
}

/* Cgroup i, which nothing names, goes: those behind it get other numbers. */
static void drop_cgroup(struct tree *t, unsigned i)
{
	memmove(&t->cgroup[i], &t->cgroup[i + 1], (t->n_cgroups - 1u - i) * sizeof(t->cgroup[0]));
	t->n_cgroups--;
	for (unsigned k = 0; k < t->n_cgroups; k++)
		shift(&t->cgroup[k].parent, i);
	for (unsigned k = 0; k < t->n_steps; k++)
		shift(&t->step[k].cg, i);
	for (unsigned k = 0; k < t->n_socks; k++) {
		shift(&t->sock[k].cg, i);
		shift(&t->sock[k].connector, i);
		shift(&t->sock[k].acceptor, i);
	}
}

/* Cgroups that no step makes: what is below them is not made either. If there is no other one, the first
 * stays. */
static void drop_unmade(struct tree *t)
{
	bool there[TREE_MAX_CGROUPS];

	for (unsigned i = 0; i < t->n_cgroups; i++)
		there[i] = !t->cgroup[i].later;
	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->step[i].op == TREE_MKDIR)
			there[t->step[i].cg] = true;
	for (unsigned i = t->n_cgroups; i-- > 0;)
		if (!there[i])
			drop_cgroup(t, i);
}

static void renumber(uint8_t *cg, const uint8_t *to)
{
	if (*cg != TREE_NONE)
		*cg = to[*cg];
}

/* Those that steps make are numbered in the order in which they are made first, as in a text. */
static void number_made(struct tree *t)
{
	struct tree_cgroup from[TREE_MAX_CGROUPS];
	uint8_t to[TREE_MAX_CGROUPS] = {0}, n = 0;
	bool done[TREE_MAX_CGROUPS] = {false};

	memcpy(from, t->cgroup, sizeof(from));
	for (; n < t->n_cgroups && !t->cgroup[n].later; n++)
		to[n] = n;
	for (unsigned i = 0; i < t->n_steps; i++) {
		uint8_t cg = t->step[i].cg;

		if (t->step[i].op != TREE_MKDIR || !from[cg].later || done[cg])
			continue;
		done[cg] = true;
		to[cg] = n++;
		t->cgroup[to[cg]] = from[cg];
	}
	for (unsigned k = 0; k < t->n_cgroups; k++)
		renumber(&t->cgroup[k].parent, to);
	for (unsigned k = 0; k < t->n_steps; k++)
		renumber(&t->step[k].cg, to);
	for (unsigned k = 0; k < t->n_socks; k++) {
		renumber(&t->sock[k].cg, to);
		renumber(&t->sock[k].connector, to);
		renumber(&t->sock[k].acceptor, to);
	}
}

/* What no step made goes; a threaded cgroup that is used in another way is not threaded. */
static void repair(struct tree *t)
{
	drop_unmade(t);
	number_made(t);
	if (tree_check(t))
		for (unsigned i = 0; i < t->n_socks; i++)
			if (t->sock[i].route == ROUTE_THREAD)
				t->sock[i].route = ROUTE_DIRECT;
}

bool tree_bin_decode(const uint8_t *data, size_t n, struct tree *out)
{
	struct cursor c = cursor_make(data, n);
	unsigned header, cgroups, steps, progs;

	if (n < TREE_BIN_MIN)
		return false;
	memset(out, 0, sizeof(*out));
	cursor_u8(&c);
	header = cursor_u8(&c);
	cgroups = 1 + (header & 15);
	for (unsigned i = 0; i < cgroups; i++)
		get_cgroup(&c, out, i);
	progs = cursor_u8(&c) % (TREE_MAX_PROGS + 1u);
	for (unsigned i = 0; i < progs; i++) {
		out->prog[i].hook = cursor_u8(&c) & 1;
		bin_get_prog(&c, (enum hook)out->prog[i].hook, header & WIDE, &out->prog[i].prog);
	}
	out->n_progs = (uint8_t)progs;
	steps = cursor_u8(&c) % (TREE_MAX_STEPS + 1u);
	for (unsigned i = 0; i < steps && !c.over; i++)
		take_step(&c, out);
	repair(out);
	return true;
}
