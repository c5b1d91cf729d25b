/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "../../oracle/clauses.h"
#include "../base/names.h"
#include "../case/tree_text.h"
#include "round_impl.h"

#define AROUND 4  /* operations that are shown before and after the range */
#define SHOWN  40 /* at most so many */

static void print_ret(struct buf *b, int64_t ret)
{
	const char *name = ret < 0 && ret >= -4095 ? errno_name((int)-ret) : NULL;

	if (name)
		buf_printf(b, "-%s", name);
	else
		buf_printf(b, "%lld", (long long)ret);
}

static void print_seen(struct buf *b, enum hook hook, const struct race_seen *s)
{
	print_ret(b, s->ret);
	if (hook == HOOK_GET)
		buf_printf(b, ", optlen %d, bytes", s->optlen);
	else
		buf_puts(b, s->untouched ? ", mark as before" : ", mark");
	for (unsigned i = 0; !s->untouched && i < (hook == HOOK_GET ? EXPECT_BYTES : 4u); i++)
		buf_printf(b, " %02x", s->bytes[i]);
}

/* The parts of a finding. */
struct parts {
	struct buf what, got, want, schedule;
};

static void print_states(struct buf *b, const struct round *r, uint32_t from, uint32_t to, uint32_t lo,
			 uint32_t hi)
{
	if (to - from > SHOWN)
		from = to - SHOWN;
	for (uint32_t k = from; k <= to; k++) {
		buf_printf(b, "  %c %5u  ", k >= lo && k <= hi ? '*' : ' ', k);
		if (k)
			tree_print_step(&r->run->tree, &r->state[k].step, b);
		else
			buf_puts(b, "nothing is attached");
		if (k && (r->state[k].want || r->state[k].got)) {
			buf_puts(b, "  (");
			print_ret(b, r->state[k].got);
			buf_puts(b, ")");
		}
		buf_puts(b, "\n");
	}
}

/* Puts the parts together and passes them on; they end here. */
static void hand_over(struct round *r, struct parts *p, unsigned clause, struct buf *text)
{
	const struct race_finding f = {.text = buf_str(text),
				       .scene = r->run->scene->name,
				       .seed = r->o->seed,
				       .round = r->o->round,
				       .what = buf_str(&p->what),
				       .clause = clause,
				       .got = buf_str(&p->got),
				       .want = buf_str(&p->want),
				       .schedule = buf_str(&p->schedule)};

	pthread_mutex_lock(&r->lock);
	if (r->o->finding)
		r->o->finding(r->o->arg, &f);
	pthread_mutex_unlock(&r->lock);
	buf_fini(text);
	buf_fini(&p->what);
	buf_fini(&p->got);
	buf_fini(&p->want);
	buf_fini(&p->schedule);
	if (r->o->stop_at_finding)
		atomic_store(&r->stop, true);
}

static void print_head(struct buf *b, const struct round *r, struct parts *p)
{
	buf_printf(b, "scene %s, seed %llu, round %llu\n%s", r->run->scene->name,
		   (unsigned long long)r->o->seed, (unsigned long long)r->o->round, buf_str(&p->what));
}

/* What the states from lo to hi allow, each once. */
static void print_allowed(struct buf *b, const struct round *r, const struct observed *o)
{
	uint16_t shown[SHOWN];
	unsigned n = 0;

	for (uint32_t s = o->lo; s <= o->hi && n < SHOWN; s++) {
		uint16_t x = r->state[s].expect[o->place][o->hook];
		unsigned i = 0;

		while (i < n && shown[i] != x)
			i++;
		if (i < n)
			continue;
		shown[n++] = x;
		buf_puts(b, "    ");
		print_seen(b, o->hook, &r->expect->entry[x].seen);
		buf_puts(b, "    by ");
		tree_print_progs(r->expect->entry[x].chain.prog, r->expect->entry[x].chain.n, b);
		buf_puts(b, r->expect->entry[x].chain.n ? "\n" : "no program\n");
	}
}

void finding_call(struct round *r, const struct observed *o)
{
	const struct tree_sock *k = &r->run->tree.sock[o->place];
	uint32_t last = atomic_load(&r->done), to = o->hi + AROUND < last ? o->hi + AROUND : o->hi;
	struct parts p = {0};
	struct buf b = {0};

	buf_printf(&p.what, "call %llu of thread %u, %ssockopt on a socket of ",
		   (unsigned long long)o->number, o->caller, o->hook == HOOK_GET ? "get" : "set");
	tree_print_path(&r->run->tree, k->cg, &p.what);
	print_seen(&p.got, o->hook, &o->seen);
	print_allowed(&p.want, r, o);
	print_states(&p.schedule, r, o->lo > AROUND ? o->lo - AROUND : 0, to, o->lo, o->hi);
	print_head(&b, r, &p);
	buf_printf(&b,
		   ", gave\n    %s\nallowed by what was attached while it ran (states %u to %u, marked "
		   "*):\n%soperations around it:\n%s",
		   buf_str(&p.got), o->lo, o->hi, buf_str(&p.want), buf_str(&p.schedule));
	hand_over(r, &p, C_NONE, &b);
}

void finding_step(struct round *r, uint32_t k)
{
	struct parts p = {0};
	struct buf b = {0};

	buf_printf(&p.what, "operation %u", k);
	print_ret(&p.got, r->state[k].got);
	print_ret(&p.want, r->state[k].want);
	print_states(&p.schedule, r, k > AROUND ? k - AROUND : 0, k, k, k);
	print_head(&b, r, &p);
	buf_printf(&b, " gave %s, allowed is %s (%s)\noperations before it:\n%s", buf_str(&p.got),
		   buf_str(&p.want), clause_info(r->state[k].clause)->name, buf_str(&p.schedule));
	hand_over(r, &p, r->state[k].clause, &b);
}
