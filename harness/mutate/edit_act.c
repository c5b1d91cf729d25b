/* SPDX-License-Identifier: MIT */
/* Edits of what programs do: actions and conditions. */
#include "edit_impl.h"

/* Any program, and one of its actions for which `fit` is true (NULL: any). */
struct spot {
	struct prog *p;
	enum hook hook;
	unsigned pos;
};

static bool pick_prog(struct edit *e, struct spot *s)
{
	unsigned n = slot_total(e->tc);
	struct slot_ref ref;

	if (!n || !slot_find(e->tc, draw(e, n), &ref))
		return false;
	s->p = &slot_of(e->tc, ref)->prog;
	s->hook = (enum hook)ref.hook;
	s->pos = 0;
	return true;
}

static bool pick_act(struct edit *e, struct spot *s, bool (*fit)(const struct act *a))
{
	for (unsigned tries = 0; tries < 6; tries++) {
		unsigned first;

		if (!pick_prog(e, s))
			return false;
		first = draw(e, s->p->n);
		for (unsigned i = 0; i < s->p->n; i++) {
			s->pos = (first + i) % s->p->n;
			if (!fit || fit(&s->p->act[s->pos]))
				return true;
		}
	}
	return false;
}

static bool put_act(const struct spot *s, const struct act *to)
{
	struct act *a = &s->p->act[s->pos];

	if (act_equal(a, to))
		return false;
	*a = *to;
	return true;
}

static bool is_if(const struct act *a)
{
	return a->op == ACT_IF;
}

static bool is_plain(const struct act *a)
{
	return a->op != ACT_IF;
}

static bool is_bytes(const struct act *a)
{
	return a->op == ACT_BYTES;
}

static bool has_offset(const struct act *a)
{
	return a->op == ACT_BYTES || (a->op == ACT_IF && a->field == FIELD_BYTE);
}

bool act_new(struct edit *e)
{
	struct spot s;

	return pick_prog(e, &s) && prog_insert(s.p, draw(e, s.p->n + 1), any_act(e, s.hook));
}

/* One action; or an if and all that it guards. */
bool act_drop(struct edit *e)
{
	struct spot s;
	unsigned n = 1;

	if (!pick_act(e, &s, NULL))
		return false;
	if (s.p->act[s.pos].op == ACT_IF && once_in(e, 2))
		n += s.p->act[s.pos].n;
	prog_cut(s.p, s.pos, n);
	return true;
}

/* Two actions that are no ifs, of one program or of two of the same hook. */
bool act_swap(struct edit *e)
{
	struct spot s, t;
	struct act copy;

	if (!pick_act(e, &s, is_plain) || !pick_act(e, &t, is_plain) || s.hook != t.hook)
		return false;
	copy = s.p->act[s.pos];
	if (!put_act(&s, &t.p->act[t.pos]))
		return false;
	t.p->act[t.pos] = copy;
	return true;
}

bool act_dup(struct edit *e)
{
	struct spot s, t;
	struct act copy;

	if (!pick_act(e, &s, is_plain) || !pick_prog(e, &t) || s.hook != t.hook)
		return false;
	copy = s.p->act[s.pos];
	return prog_insert(t.p, draw(e, t.p->n + 1), copy);
}

bool act_op(struct edit *e)
{
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, is_plain))
		return false;
	to = any_act(e, s.hook);
	return put_act(&s, &to);
}

bool act_value(struct edit *e)
{
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, NULL))
		return false;
	to = s.p->act[s.pos];
	return any_act_value(e, &to, s.hook) && put_act(&s, &to);
}

bool act_offset(struct edit *e)
{
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, has_offset))
		return false;
	to = s.p->act[s.pos];
	to.off = any_offset(e, to.off);
	return put_act(&s, &to);
}

bool act_width(struct edit *e)
{
	static const uint8_t widths[] = {1, 2, 4};
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, is_bytes))
		return false;
	to = s.p->act[s.pos];
	to.n = widths[draw(e, 3)];
	if (to.n < 4)
		to.val = (int32_t)((uint32_t)to.val & ((1u << 8 * to.n) - 1));
	return put_act(&s, &to);
}

/* Makes some of the actions conditional. */
bool cond_wrap(struct edit *e)
{
	struct spot s;
	struct act a;
	unsigned room;

	if (!pick_prog(e, &s) || s.p->n >= ACT_MAX)
		return false;
	s.pos = draw(e, s.p->n + 1);
	a = any_cond(e, s.hook);
	prog_insert(s.p, s.pos, a);
	room = prog_block_end(s.p, s.pos) - s.pos - 1;
	s.p->act[s.pos].n = (uint8_t)(once_in(e, 2) ? room : draw(e, room + 1));
	return true;
}

bool cond_change(struct edit *e)
{
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, is_if))
		return false;
	to = s.p->act[s.pos];
	if (once_in(e, 2)) {
		to.cmp = (uint8_t)draw(e, CMP_COUNT);
	} else {
		to = any_cond(e, s.hook);
		to.n = s.p->act[s.pos].n;
	}
	return put_act(&s, &to);
}

/* A longer or shorter block; the blocks inside it are cut by edit_apply. */
bool cond_block(struct edit *e)
{
	struct spot s;
	struct act to;

	if (!pick_act(e, &s, is_if))
		return false;
	to = s.p->act[s.pos];
	to.n = (uint8_t)draw(e, prog_block_end(s.p, s.pos) - s.pos);
	return put_act(&s, &to);
}
