/* SPDX-License-Identifier: MIT */
#include "parts.h"

#include <string.h>

bool slot_find(const struct tcase *tc, unsigned i, struct slot_ref *ref)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			if (i < tc->level[l].n[h]) {
				*ref = (struct slot_ref){(uint8_t)l, (uint8_t)h, (uint8_t)i};
				return true;
			}
			i -= tc->level[l].n[h];
		}
	return false;
}

unsigned slot_total(const struct tcase *tc)
{
	unsigned n = 0;

	for (unsigned l = 0; l < tc->n_levels; l++)
		n += tc->level[l].n[HOOK_GET] + tc->level[l].n[HOOK_SET];
	return n;
}

void prog_cut(struct prog *p, unsigned from, unsigned n)
{
	for (unsigned j = 0; j < from; j++) {
		unsigned end = j + 1u + p->act[j].n, hi = from + n < end ? from + n : end;

		if (p->act[j].op == ACT_IF && hi > from)
			p->act[j].n = (uint8_t)(p->act[j].n - (hi - from));
	}
	memmove(&p->act[from], &p->act[from + n], (p->n - from - n) * sizeof(p->act[0]));
	p->n -= n;
}

bool prog_insert(struct prog *p, unsigned pos, struct act a)
{
	if (p->n >= ACT_MAX)
		return false;
	for (unsigned j = 0; j < pos; j++)
		if (p->act[j].op == ACT_IF && pos < j + 1u + p->act[j].n)
			p->act[j].n++;
	memmove(&p->act[pos + 1], &p->act[pos], (p->n - pos) * sizeof(p->act[0]));
	p->act[pos] = a;
	p->n++;
	return true;
}

unsigned prog_block_end(const struct prog *p, unsigned pos)
{
	unsigned end = p->n;

	for (unsigned j = 0; j < pos; j++)
		if (p->act[j].op == ACT_IF && pos < j + 1u + p->act[j].n && j + 1u + p->act[j].n < end)
			end = j + 1u + p->act[j].n;
	return end;
}

void prog_settle(struct prog *p, enum hook hook)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct act *a = &p->act[i];

		if (hook == HOOK_GET && (a->op == ACT_LEVEL || a->op == ACT_OPTNAME))
			a->op = ACT_OPTLEN;
		if (hook == HOOK_SET && a->op == ACT_RETVAL)
			a->op = ACT_SET_RETVAL;
		if (a->op == ACT_IF && i + 1u + a->n > prog_block_end(p, i))
			a->n = (uint8_t)(prog_block_end(p, i) - i - 1);
	}
}

void level_drop_slots(struct tc_level *l, unsigned hook, unsigned from, unsigned n)
{
	memmove(&l->slot[hook][from], &l->slot[hook][from + n],
		(l->n[hook] - from - n) * sizeof(l->slot[hook][0]));
	l->n[hook] = (uint8_t)(l->n[hook] - n);
}

struct tc_slot *level_insert_slot(struct tc_level *l, unsigned hook, unsigned at)
{
	struct tc_slot *s = l->slot[hook];
	uint8_t mode = l->n[hook] ? s[0].mode : MODE_MULTI;

	if (l->n[hook] >= TC_MAX_SLOTS)
		return NULL;
	memmove(&s[at + 1], &s[at], (l->n[hook] - at) * sizeof(s[0]));
	l->n[hook]++;
	s[at].mode = mode;
	return &s[at];
}

void case_drop_call(struct tcase *tc, unsigned i)
{
	memmove(tc->call + i, tc->call + i + 1, (tc->n_calls - i - 1) * sizeof(tc->call[0]));
	tc->n_calls--;
}

struct tc_call *case_insert_call(struct tcase *tc, unsigned i)
{
	if (tc->n_calls >= TC_MAX_CALLS)
		return NULL;
	memmove(tc->call + i + 1, tc->call + i, (tc->n_calls - i) * sizeof(tc->call[0]));
	tc->n_calls++;
	return &tc->call[i];
}

void case_drop_sock(struct tcase *tc, unsigned i)
{
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].sock != TC_SOCK_BAD && tc->call[c].sock > i)
			tc->call[c].sock--;
	memmove(tc->sock + i, tc->sock + i + 1, (tc->n_socks - i - 1) * sizeof(tc->sock[0]));
	tc->n_socks--;
}

void case_drop_level(struct tcase *tc, unsigned i)
{
	memmove(tc->level + i, tc->level + i + 1, (tc->n_levels - i - 1) * sizeof(tc->level[0]));
	tc->n_levels--;
	for (unsigned s = 0; s < tc->n_socks; s++)
		if (tc->sock[s].level > 1 && tc->sock[s].level > i)
			tc->sock[s].level--;
}

bool case_insert_level(struct tcase *tc, unsigned i)
{
	if (tc->n_levels >= TC_MAX_LEVELS)
		return false;
	memmove(tc->level + i + 1, tc->level + i, (tc->n_levels - i) * sizeof(tc->level[0]));
	tc->level[i].n[HOOK_GET] = tc->level[i].n[HOOK_SET] = 0;
	tc->n_levels++;
	for (unsigned s = 0; s < tc->n_socks; s++)
		if (tc->sock[s].level > i)
			tc->sock[s].level++;
	return true;
}

static void settle_hook(struct tcase *tc, enum hook hook)
{
	struct tc_level *above = NULL;

	for (unsigned l = 0; l < tc->n_levels; l++) {
		struct tc_level *v = &tc->level[l];
		uint8_t mode = v->n[hook] > 1 ? MODE_MULTI : v->slot[hook][0].mode;

		if (!v->n[hook])
			continue;
		for (unsigned s = 0; s < v->n[hook]; s++)
			v->slot[hook][s].mode = mode;
		if (above && above->slot[hook][0].mode == MODE_NONE) /* which has one program */
			above->slot[hook][0].mode = MODE_MULTI;
		above = v;
	}
}

void case_settle_modes(struct tcase *tc)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		settle_hook(tc, (enum hook)h);
}
